"""Opening the database, SQLite with the pragmas that it needs or PostgreSQL; and why it can't be used."""

from __future__ import annotations

import sqlite3
import time
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 10_000
_LOOK_AGAIN_S = (0.001, 0.005)
"""So often who waits for the write lock looks for it, at first and after a tenth of a second."""
PATIENCE_MS = "keyturn_patience_ms"
"""Execution option: so long this transaction waits for SQLite's write lock, if not for BUSY_TIMEOUT_MS."""
READ_ONLY = "keyturn_read_only"
"""Execution option: this transaction reads only, and so takes no write lock of SQLite at its start."""


def open_database(url: str, **options: Any) -> Engine:
    """An engine for the SQLAlchemy URL; on SQLite in WAL, with foreign keys on and writers that wait for each other.

    Its errors name no values. `options` are `create_engine`'s.
    """
    engine = create_engine(url, **{"pool_pre_ping": not url.startswith("sqlite"), "hide_parameters": True, **options})
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """Give an engine that somebody else made what `open_database` gives. PostgreSQL needs nothing."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def begin_reading(session: Session) -> None:
    """Let the session only read until its next commit: of SQLite it then waits for no writer, and keeps none waiting.

    It may do so in a transaction of its own alone: nothing changes in an open one, or if there is something to write.
    """
    if not (session.in_transaction() or session.new or session.dirty or session.deleted):
        session.connection(execution_options={READ_ONLY: True})


def _on_connect(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin late and deferred: two that read and then write would refuse each other at
    # once instead of waiting. SQLAlchemy's recipe: https://docs.sqlalchemy.org/en/21/dialects/sqlite.html
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(READ_ONLY, False):
        connection.exec_driver_sql("BEGIN DEFERRED")
        return
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA busy_timeout=0")
    try:
        if not _took_write_lock(raw, options.get(PATIENCE_MS, BUSY_TIMEOUT_MS)):
            # One last time, so that the error is SQLAlchemy's own.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _took_write_lock(connection: Any, patience_ms: float) -> bool:
    """Begin with the write lock; False when it couldn't be had in time, or for another reason.

    SQLite's own waiting looks for it ever more seldom, up to every 100 ms, though it is held for a few: workers would
    wait for most of their time.
    """
    since, (pause_s, longest_s) = time.monotonic(), _LOOK_AGAIN_S
    until = since + patience_ms / 1000
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            now = time.monotonic()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or now > until:
                return False
            time.sleep(min(longest_s, max(pause_s, (now - since) / 20)))
        else:
            return True


class Outage(StrEnum):
    """What is the matter with the database."""

    LOCKED = "locked"
    FULL = "full"
    UNWRITABLE = "unwritable"
    AWAY = "away"


_BY_SQLITE = {
    sqlite3.SQLITE_BUSY: Outage.LOCKED, sqlite3.SQLITE_LOCKED: Outage.LOCKED, sqlite3.SQLITE_FULL: Outage.FULL,
    sqlite3.SQLITE_IOERR: Outage.UNWRITABLE, sqlite3.SQLITE_READONLY: Outage.UNWRITABLE,
}  # fmt: skip
_BY_POSTGRESQL = {"53100": Outage.FULL, "55P03": Outage.LOCKED}
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def outage_of(error: DBAPIError) -> tuple[Outage, str]:
    """What is the matter, and the database's own name for it, which holds no values."""
    cause = _cause(error)
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    said = f"{type(cause).__name__} {name}".strip()
    if hasattr(cause, "sqlite_errorcode"):
        return _BY_SQLITE.get(cause.sqlite_errorcode & 0xFF, Outage.AWAY), said
    return _BY_POSTGRESQL.get(name, Outage.AWAY), said


def _cause(error: BaseException) -> Any:
    """The driver's first error: a full disk ends SQLite's transaction, and then a savepoint can't be gone back to."""
    while isinstance(error.__context__, DBAPIError):
        error = error.__context__
    return getattr(error, "orig", error)
