from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rotation.copies.store_worlds import WORLDS, StoreWorld


@pytest.fixture(params=WORLDS)
def store_world(request: pytest.FixtureRequest) -> Iterator[StoreWorld]:
    """A store of each kind in turn."""
    with WORLDS[request.param]() as world:
        yield world
