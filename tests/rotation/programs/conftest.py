from __future__ import annotations

import pytest

from tests.rotation.programs.readers import make_token


@pytest.fixture
def token(world):
    return make_token(world)
