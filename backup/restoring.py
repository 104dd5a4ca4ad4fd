"""Restoring a backup. It is older than AWS: whatever it says of keys may be wrong by now.

So what it says is no reason to delete a key (`AccessKey.restored_at`), each published key is tried at the next start,
no session or link of then lets anybody in, and no temporary credentials of then are handed out.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

import migrations
from backup.copying import clear, copy_rows
from backup.taking import BackupError
from crypto import Keyring
from models import AccessKey, KeyState, OneTimeLink, Project, Rotation, SharedSession, State, UserSession
from models.engine import open_database
from models.heartbeat import BACKUP, RESTORE, SWEEP, Heartbeat, beat
from models.project import check_master_key

_RUNS = timedelta(seconds=30)


def restore(engine: Engine, keyring: Keyring, file: Path, now: datetime, *, replace: bool) -> datetime:
    """Put the backup in place of what the database holds; when the backup was taken.

    Keyturn must not run, and without `replace` the database must be empty. Raises BackupError, and
    crypto.MasterKeyError when the master key isn't the backup's.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    with tempfile.TemporaryDirectory(prefix="keyturn-restore-") as folder:
        backup = open_database(f"sqlite:///{shutil.copy(file, Path(folder) / 'backup.db')}")
        try:
            taken_at = _examine(backup, keyring, file)
            migrations.upgrade(engine)
            with backup.connect() as source, engine.begin() as target:
                _refuse_to_harm(target, now, replace=replace)
                clear(target)
                copy_rows(source, target)
                _distrust(target, now)
        finally:
            backup.dispose()
    return taken_at


def _examine(backup: Engine, keyring: Keyring, file: Path) -> datetime:
    """When the backup was taken, its schema brought up to date."""
    try:
        with Session(backup) as session:
            taken_at = session.scalar(select(Heartbeat.at).where(Heartbeat.name == BACKUP))
    except DatabaseError:
        taken_at = None
    if taken_at is None:
        raise BackupError(f"{file} isn't a backup of Keyturn's.")
    migrations.upgrade(backup)
    with Session(backup) as session:
        check_master_key(session, keyring)
    return taken_at


def _refuse_to_harm(target: Connection, now: datetime, *, replace: bool) -> None:
    swept_at = target.scalar(select(Heartbeat.at).where(Heartbeat.name == SWEEP))
    if swept_at is not None and now - swept_at < _RUNS:
        raise BackupError("Keyturn runs, or did a moment ago. Stop it, wait for 30 seconds and restore again.")
    if not replace and target.scalar(select(Project.id).limit(1)) is not None:
        raise BackupError("The database isn't empty. With --replace all that it holds is lost.")


def _distrust(target: Connection, now: datetime) -> None:
    """Nothing of then goes on by itself: keys are tried or rest, rotations have ended, nobody is signed in."""
    at_aws = AccessKey.state != KeyState.DELETED.value
    target.execute(update(AccessKey).where(at_aws).values(restored_at=now, look_at=now))
    target.execute(
        update(Rotation)
        .where(Rotation.ended_at.is_(None))
        .values(
            state=State.FAILED.value, ended_at=now, wait_until=None, wait_code="", lease_until=None, lease_owner="",
            error_code="interrupted", error_facts={"said": "The database was restored from a backup"},
        )
    )  # fmt: skip
    target.execute(update(SharedSession).where(SharedSession.expires_at > now).values(expires_at=now, renew_at=now))
    target.execute(update(UserSession).where(UserSession.ended_at.is_(None)).values(ended_at=now))
    target.execute(update(OneTimeLink).where(OneTimeLink.used_at.is_(None)).values(expires_at=now))
    with Session(target, join_transaction_mode="create_savepoint") as session, session.begin():
        beat(session, RESTORE, now)
