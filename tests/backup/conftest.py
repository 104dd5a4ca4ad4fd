import pytest

from tests.schema import mark_current


@pytest.fixture
def world(any_world):
    """The engine's world, on each kind of database in turn, as migrations would have made it."""
    with any_world.db.begin() as connection:
        mark_current(connection)
    return any_world
