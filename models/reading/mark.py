"""A mark of the database's state: as long as it is the same, nothing was committed in between."""

from __future__ import annotations

from threading import Lock
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

_SQLITE = "PRAGMA data_version"  # https://www.sqlite.org/pragma.html#pragma_data_version
_POSTGRESQL = "SELECT pg_current_snapshot()::text"
"""https://www.postgresql.org/docs/current/functions-info.html: it names the transactions that are seen as committed."""


class DatabaseMark:
    """Reads the mark over a connection of its own, opened at first use and shared by all threads of the process."""

    def __init__(self, engine: Engine) -> None:
        """The connection is closed when the engine is disposed of."""
        self._engine, self._lock = engine, Lock()
        self._connection: Any = None
        event.listen(engine, "engine_disposed", lambda _engine: self.close())

    def read(self) -> object:
        """The mark now; None where the database can't be asked.

        Equal marks mean that whoever reads now sees what they saw then. Different ones mean nothing.
        """
        with self._lock:
            try:
                self._connection = self._connection or self._connect()
                return self._connection.execute(self._question).fetchone()[0]
            except (DBAPIError, self._engine.dialect.loaded_dbapi.Error):
                self._close()
                return None

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        with self._lock:
            self._close()

    @property
    def _question(self) -> str:
        return _SQLITE if self._engine.dialect.name == "sqlite" else _POSTGRESQL

    def _connect(self) -> Any:
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        if self._engine.dialect.name != "sqlite":
            connection.autocommit = True
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
