"""Asking for a rotation: writes the queued row that the engine then works on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import AccessKey, Action, KeyState, Rotation, RotationStrategy, State, Trigger
from models.audit import record
from models.strategy import lock_strategy
from rotation.ending import wishes
from rotation.errors import RotationError


class BeingDeletedError(Exception):
    """The strategy is being deleted, or is gone already: nothing turns its key any more."""


class OldKey(StrEnum):
    """What is to happen when the target still has its old key, so that IAM has no room for a new one."""

    ASK = "ask"
    """Nothing is requested: the person is asked first."""
    WAIT = "wait"
    """The rotation waits until the old key has retired."""
    END = "end"
    """The old key is ended now, used or not."""


def request_rotation(  # noqa: PLR0913 - all by name
    session: Session,
    strategy: RotationStrategy,
    *,
    by: str,
    trigger: Trigger,
    now: datetime,
    old_key: OldKey = OldKey.WAIT,
    actor_id: int | None = None,
    address: str = "",
    due_at: datetime | None = None,
) -> tuple[Rotation, bool]:
    """Queue a rotation of the strategy, without committing.

    Returns it and whether it is new: while one is open, that one is returned, and where that waits for room and
    `old_key` is END, the old key is ended for it. Raises BeingDeletedError, and RotationError `old_key_in_grace` when
    `old_key` is ASK and the target still has its old key.
    """
    if not lock_strategy(session, strategy) or strategy.deleting_at is not None:
        raise BeingDeletedError
    running = open_rotation(session, strategy.id)
    if running is not None:
        if old_key is OldKey.END:
            _end_old_key_for(session, running, by, now)
        return running, False
    if old_key is OldKey.ASK and (old := old_key_of(session, strategy.id)) is not None and old.replaced_at:
        until = "" if old.retire_at is None else old.retire_at.isoformat(timespec="seconds")
        raise RotationError("old_key_in_grace", user=strategy.user_name, key=old.access_key_id or "", until=until)
    rotation = Rotation(
        project_id=strategy.project_id,
        strategy=strategy,
        trigger=trigger.value,
        requested_by=by,
        requested_at=now,
        end_old_key=old_key is OldKey.END,
        due_at=due_at,
    )
    return queue(session, rotation, actor_id=actor_id, address=address, old_key=old_key.value)


def _end_old_key_for(session: Session, running: Rotation, by: str, now: datetime) -> None:
    """A person wants the new key more than the old one: end that for the rotation that waits for its place."""
    old = old_key_of(session, running.strategy_id)
    if old is not None and running.state == State.QUEUED.value and not old.ended_by:
        wishes.end_now(session, old, by, now)
        wake_waiting(session, running.strategy_id, now)


def end_waiting(
    session: Session, strategy_id: int, now: datetime, code: str, *only: ColumnElement[bool], **facts: str
) -> bool:
    """End the strategy's rotation that no worker has, as failed by `code`, without committing.

    `only`: if these hold of it. False when there is none.
    """
    ended = session.execute(
        update(Rotation)
        .where(
            Rotation.strategy_id == strategy_id, Rotation.ended_at.is_(None),
            or_(Rotation.lease_until.is_(None), Rotation.lease_until <= now), *only,
        )
        .values(
            ended_at=now, state=State.FAILED.value, wait_until=None, wait_code="", error_code=code, error_facts=facts
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def queue(
    session: Session, rotation: Rotation, *, actor_id: int | None = None, address: str = "", **detail: Any
) -> tuple[Rotation, bool]:
    """Add the rotation and its audit entry, without committing; the one that is open if another was first."""
    strategy = rotation.strategy
    try:
        with session.begin_nested():
            session.add(rotation)
    except IntegrityError:  # another request was first: by the index of open rotations, or of due times
        running = open_rotation(session, strategy.id)
        if running is None:
            raise
        return running, False
    record(
        session, at=rotation.requested_at, actor=rotation.requested_by, actor_id=actor_id, address=address,
        action=Action.ROTATION_REQUEST, project_id=strategy.project_id, strategy_id=strategy.id,
        thing=strategy.user_name, rotation=rotation.id, trigger=rotation.trigger, purpose=rotation.purpose, **detail,
    )  # fmt: skip
    return rotation, True


def open_rotation(session: Session, strategy_id: int) -> Rotation | None:
    """The strategy's rotation that hasn't ended, if there is one."""
    return session.scalar(select(Rotation).where(Rotation.strategy_id == strategy_id, Rotation.ended_at.is_(None)))


def try_now(session: Session, rotation: Rotation, now: datetime) -> None:
    """Let a rotation that waits for AWS be tried again at once, without committing. Any other goes on as it is."""
    session.execute(
        update(Rotation)
        .where(
            Rotation.id == rotation.id,
            Rotation.ended_at.is_(None),
            Rotation.wait_until > now,
            Rotation.wait_code != "",
        )
        .values(wait_until=now)
    )


def wake_waiting(session: Session, strategy_id: int, now: datetime) -> None:
    """There is room for a key now: let the rotation that waits for it go on, without committing."""
    session.execute(
        update(Rotation)
        .where(
            Rotation.strategy_id == strategy_id, Rotation.ended_at.is_(None), Rotation.state == State.QUEUED.value,
            Rotation.wait_until > now,
        )
        .values(wait_until=now)
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def old_key_of(session: Session, strategy_id: int) -> AccessKey | None:
    """The strategy's replaced key that AWS still takes, if there is one."""
    return session.scalar(
        select(AccessKey)
        .where(
            AccessKey.strategy_id == strategy_id,
            AccessKey.state.in_([KeyState.RETIRING.value, KeyState.DEACTIVATED.value]),
        )
        .order_by(AccessKey.intent_at)
        .limit(1)
    )
