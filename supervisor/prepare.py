"""What comes before the others: a private folder, the master key, the schema. Any number may do it at once."""

from __future__ import annotations

import stat
import sys
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import migrations
from config import Config
from crypto import Keyring, MasterKeyError
from models.engine import open_database
from models.links import LinkKind, make_link
from models.people import anyone_exists
from models.project import check_master_key


class NotPreparedError(Exception):
    """Keyturn can't run like this; the message says what to do."""


def prepare(config: Config) -> tuple[Engine, Keyring]:
    """Make what is missing, bring the schema up to date, and return the database with the keyring that opens it.

    Raises NotPreparedError or MasterKeyError.
    """
    config.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    if problem := folder_problem(config):
        raise NotPreparedError(problem)
    keyring = Keyring.load(config.master_key, config.instance / "master.key")
    engine = open_database(config.database)
    try:
        migrations.upgrade(engine)
    except OperationalError as error:
        raise NotPreparedError(f"The database doesn't answer: {error.orig}".strip()) from None
    with Session(engine) as session:
        check_master_key(session, keyring)
    return engine, keyring


def folder_problem(config: Config) -> str | None:
    """Why the instance folder isn't safe, in a sentence; None when it is."""
    if stat.S_IMODE(config.instance.stat().st_mode) & 0o077:
        folder = config.instance.resolve()
        return f"Others may enter {folder}, which holds the master key: chmod 700 {folder}"
    return None


def setup_token(engine: Engine) -> str:
    """The token of a new one-time link that makes the first administrator, or nothing where there is a user."""
    with Session(engine) as session, session.begin():
        return "" if anyone_exists(session) else make_link(session, LinkKind.SETUP, datetime.now(UTC))


def main(*arguments: str) -> None:
    """Prepare, as a process of its own; with `--setup-token` print the set-up token, if one is due."""
    try:
        engine, _ = prepare(Config.from_env())
    except (NotPreparedError, MasterKeyError) as error:
        sys.exit(str(error))
    if "--setup-token" in arguments:
        sys.stdout.write(setup_token(engine))


if __name__ == "__main__":
    main(*sys.argv[1:])
