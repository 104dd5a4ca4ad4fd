"""SQLite for tests: what is lost at a power cut is no loss here, so no commit waits for the disk."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, event


def care_for_no_power_cut(engine: Engine) -> None:
    """Let commits not wait for the disk. After Keyturn's own preparation of the engine; PostgreSQL's is left alone."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")
