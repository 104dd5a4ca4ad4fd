import pytest

from tests.rotation.world import World


@pytest.fixture
def world(database_url):
    """The engine's world, on each kind of database in turn."""
    made = World(database_url)
    yield made
    made.close()
