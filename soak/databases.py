"""The database that is attacked, SQLite in a file or a PostgreSQL of its own, and what befalls it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Engine, text

from models.engine import BUSY_TIMEOUT_MS
from tests.databases.fixtures import new_database
from tests.databases.server import Server, autocommitting, server

_DOWN_S = 1.5
_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Sqlite:
    """The file, which another writer may lock."""

    attacks: Mapping[str, float] = {"database locked": 0.1, "database locked for a moment": 2}

    def attack(self, kind: str, engine: Engine) -> None:
        """Hold the write lock, for a moment or for longer than anybody waits for it."""
        with engine.connect() as other:
            other.execute(text("SELECT 1"))  # whatever a transaction does, it takes the lock first
            time.sleep(0.5 if kind.endswith("moment") else BUSY_TIMEOUT_MS / 1000 + 1)


class Postgresql:
    """The server, which may cut connections, and be started again."""

    attacks: Mapping[str, float] = {"connections cut": 2, "database restarted": 0.3, "database crashed": 0.3}

    def __init__(self, of: Server) -> None:
        self._server = of

    def attack(self, kind: str, engine: Engine) -> None:
        """Cut all connections, or end the server, in good order or not, and start it again."""
        if kind == "connections cut":
            with autocommitting(engine.url.render_as_string(hide_password=False)).connect() as connection:
                connection.execute(text(_CUT))
            return
        self._server.stop(signal.SIGINT if kind == "database restarted" else signal.SIGQUIT)
        time.sleep(_DOWN_S)
        self._server.start()


@contextmanager
def database(kind: str) -> Iterator[tuple[Sqlite | Postgresql, dict[str, str]]]:
    """The database, empty, and the settings that lead to it. It goes away afterwards."""
    if kind == "sqlite":
        yield Sqlite(), {}
        return
    with server() as made, new_database(made.address) as url:
        yield Postgresql(made), {"DATABASE_URL": url.replace("+psycopg", "")}
