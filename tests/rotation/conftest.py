import pytest

from tests.rotation.world import World


@pytest.fixture(scope="session")
def first_moment(tmp_path_factory):
    """The world that all tests share, and the moment that each of them begins at: each compiles no SQL of its own."""
    made = World(tmp_path_factory.mktemp("world") / "keyturn.db")
    yield made, made.save()
    made.close()


@pytest.fixture
def world(first_moment):
    """A project with one strategy, its database, a fake AWS and a clock that stands still."""
    made, saved = first_moment
    made.go_back(saved)
    return made
