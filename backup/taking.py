"""Taking a backup: the whole database as one SQLite file, from a snapshot."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

import migrations
from backup.copying import copy_rows
from models.engine import READ_ONLY, open_database
from models.heartbeat import BACKUP, beat


class BackupError(Exception):
    """Why no backup was taken, or none was restored, in a sentence."""


def take(engine: Engine, file: Path, now: datetime) -> int:
    """Write the database to `file`, which must not exist yet; how many rows it has.

    Everything stays sealed by the master key, which isn't in it. The rows are those of one moment, on SQLite by its
    WAL, on PostgreSQL by a repeatable read. Raises BackupError.
    """
    if file.exists():
        raise BackupError(f"{file} exists already. Name another file.")
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
        rows = _copy(engine, partial, now)
        partial.rename(file)
    except OSError as error:
        raise BackupError(f"{file} can't be written: {error.strerror}.") from None
    finally:
        for left in (partial, *(partial.with_name(partial.name + end) for end in ("-wal", "-shm", ".lock"))):
            left.unlink(missing_ok=True)
    return rows


def _copy(engine: Engine, file: Path, now: datetime) -> int:
    target = open_database(f"sqlite:///{file}")
    try:
        migrations.upgrade(target)
        snapshot = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {READ_ONLY: True}
        with engine.connect().execution_options(**snapshot) as source, target.begin() as into:
            rows = copy_rows(source, into)
        with Session(target) as session, session.begin():
            beat(session, BACKUP, now)
        with target.connect() as whole:  # one file, without its log beside it
            whole.exec_driver_sql("COMMIT")
            whole.exec_driver_sql("PRAGMA journal_mode=DELETE")
    finally:
        target.dispose()
    return rows
