import pytest

from tests.rotation.world import World
from tests.schema import mark_current


@pytest.fixture
def world(database_url):
    """The engine's world, on each kind of database in turn, as migrations would have made it."""
    made = World(database_url)
    with made.db.begin() as connection:
        mark_current(connection)
    yield made
    made.close()
