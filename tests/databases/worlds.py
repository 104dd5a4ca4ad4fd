"""The world on each kind of database, shared by the tests of a process: each of them begins at its first moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases.fixtures import new_database
from tests.rotation.world import Saved, World


@pytest.fixture(scope="session")
def _sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Saved]]:
    made = World(tmp_path_factory.mktemp("world") / "keyturn.db")
    yield made, made.save()
    made.close()


@pytest.fixture
def sqlite_world(_sqlite_world: tuple[World, Saved]) -> World:
    """A project with one strategy, its database, a fake AWS and a clock that stands still."""
    made, saved = _sqlite_world
    made.go_back(saved)
    return made


@pytest.fixture(scope="session")
def _postgres_world(postgres_server: str) -> Iterator[World]:
    with new_database(postgres_server) as url:
        made = World(url)
        yield made
        made.close()


@pytest.fixture
def postgres_world(_postgres_world: World) -> World:
    """The same on PostgreSQL."""
    _postgres_world.begin_anew()
    return _postgres_world


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_world(request: pytest.FixtureRequest) -> World:
    """The same on each kind of database in turn."""
    return request.getfixturevalue("sqlite_world" if request.param == "sqlite" else "postgres_world")
