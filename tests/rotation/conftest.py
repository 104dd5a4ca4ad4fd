import pytest

from tests.rotation.world import World


@pytest.fixture
def world(tmp_path):
    """A project with one strategy, its database, a fake AWS and a clock that stands still."""
    made = World(tmp_path / "keyturn.db")
    yield made
    made.close()
