"""Opening the database: SQLite with the pragmas that it needs, or PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

BUSY_TIMEOUT_MS = 10_000
_LOOK_AGAIN_S = 0.001
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
    until = time.monotonic() + patience_ms / 1000
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                return False
            time.sleep(_LOOK_AGAIN_S)
        else:
            return True
