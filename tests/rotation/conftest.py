import pytest


@pytest.fixture
def world(sqlite_world):
    return sqlite_world
