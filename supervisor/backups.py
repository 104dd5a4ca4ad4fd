"""`keyturn backup` and `keyturn restore`, for the terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from backup.restoring import restore
from backup.taking import BackupError, take
from config import Config
from crypto import Keyring, MasterKeyError
from models.engine import open_database
from supervisor.prepare import prepare

Say = Callable[[str], None]


def back_up(config: Config, file: Path, say: Say) -> str:
    """Write a backup; returns why not, or an empty string."""
    engine, _ = prepare(config)
    try:
        rows = take(engine, file, datetime.now(UTC))
    except BackupError as error:
        return str(error)
    finally:
        engine.dispose()
    say(f"{file} holds {rows:,} rows, sealed. Keep the master key apart from it: one without the other opens nothing.")
    return ""


def bring_back(config: Config, file: Path, say: Say, *, replace: bool) -> str:
    """Restore a backup; returns why not, or an empty string."""
    config.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_database(config.database)
    try:
        keyring = Keyring.load(config.master_key, config.instance / "master.key")
        taken_at = restore(engine, keyring, file, datetime.now(UTC), replace=replace)
    except (BackupError, MasterKeyError) as error:
        return str(error)
    finally:
        engine.dispose()
    say(
        f"Restored what was backed up at {taken_at:%Y-%m-%d %H:%M} UTC. Everybody signs in anew. At the next start "
        "each key is tried; the page Status says which ones AWS refuses. Service tokens that were revoked since then "
        "let programs in again: revoke them anew."
    )
    return ""
