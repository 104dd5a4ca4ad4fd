"""Databases for tests: SQLite in a file, and the PostgreSQL that comes in a wheel, one server for the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.databases.server import autocommitting, server

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL on a socket, with a place for a database's name; it is this session's own."""
    with server() as made:
        yield made.address


@contextmanager
def new_database(address: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of its own, which goes afterwards."""
    name = f"keyturn_{next(_numbers)}"
    engine = autocommitting(address.format("postgres"))
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} STRATEGY file_copy"))
    yield address.format(name)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database on PostgreSQL."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of an empty database, on each kind of database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'keyturn.db'}"
    return str(request.getfixturevalue("postgres_url"))
