import pytest


@pytest.fixture
def world(any_world):
    return any_world
