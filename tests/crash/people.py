"""What people do to a strategy in the crash test, each in one transaction, which the caller commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import Keyring
from models import AccessKey, KeyState, Project, RotationStrategy, Secret, Trigger
from rotation.ending.lost import clear_up
from rotation.ending.wishes import end_now
from rotation.requests import request_rotation
from rotation.setup.checks import Report
from rotation.setup.deletion import delete_strategy
from rotation.setup.strategies import Plan, Setup, change_strategy

OTHER_PATH = "/moved"


def _rotate(session: Session, strategy: RotationStrategy, now: datetime, _keyring: Keyring) -> None:
    request_rotation(session, strategy, by="alice", trigger=Trigger.BUTTON, now=now)


def _edit(session: Session, strategy: RotationStrategy, now: datetime, keyring: Keyring) -> None:
    """Other output secrets, which take the pair along, a longer grace, and a rotation at once."""
    project = session.get_one(Project, strategy.project_id)
    others = session.scalars(select(Secret).where(Secret.path == OTHER_PATH).order_by(Secret.name)).all()
    plan = Plan(
        connection=strategy.connection, user_name=strategy.user_name, user_path=strategy.user_path,
        environment=project.environments[0], path=OTHER_PATH, access_key=others[0], secret_key=others[1],
        existing_key_id="", schedule=strategy.schedule, ends=replace(strategy.ends, grace_s=2 * strategy.grace_s),
    )  # fmt: skip
    setup = Setup(session, project.sealing_key(keyring), now, "alice", lambda *_, **__: None)
    change_strategy(setup, strategy, plan, Report(None, ()))
    _rotate(session, strategy, now, keyring)


def _end_old_key(session: Session, _strategy: RotationStrategy, now: datetime, _keyring: Keyring) -> None:
    for key in session.scalars(select(AccessKey).where(AccessKey.state == KeyState.RETIRING.value)):
        end_now(session, key, "alice", now)


def _delete(
    session: Session, strategy: RotationStrategy, now: datetime, _keyring: Keyring, *, delete_keys: bool
) -> None:
    delete_strategy(session, strategy, delete_keys=delete_keys, by="alice", now=now)


def _clear_up(session: Session, strategy: RotationStrategy, now: datetime, _keyring: Keyring) -> None:
    """As the page says, once both commands were run."""
    for key in session.scalars(select(AccessKey).where(AccessKey.state == KeyState.LOST.value)):
        if not clear_up(session, key, strategy, by="alice", now=now):
            raise AssertionError("a lost key can't be cleared up")


PEOPLE: Mapping[str, Callable[[Session, RotationStrategy, datetime, Keyring], None]] = {
    "rotate": _rotate,
    "edit": _edit,
    "end the old key": _end_old_key,
    "delete": partial(_delete, delete_keys=False),
    "delete with its keys": partial(_delete, delete_keys=True),
    "clear up": _clear_up,
}
