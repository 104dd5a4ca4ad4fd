from __future__ import annotations

import pytest

from tests.rotation.world import World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "keyturn.db")
    yield world
    world.close()
