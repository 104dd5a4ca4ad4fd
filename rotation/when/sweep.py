"""Finds what is due: strategies, rotations that nobody works on, keys to look at. The database decides what is done.

Any number of sweeps may run at once. What they return may be worked on twice without harm: each claims first.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Rotation, RotationStrategy, Trigger
from models.audit import Action, record
from models.copies.copy import copies_due
from models.heartbeat import SWEEP, beat
from models.telling.deliveries import deliveries_due, spread
from rotation.many.batches import unfinished
from rotation.many.looks import keys_to_look_at
from rotation.programs.sessions import sessions_to_fetch
from rotation.requests import request_rotation
from rotation.setup.deletion import deletions_to_finish, finish_deletion
from rotation.telling.watching import watch
from rotation.when.planning import resume
from rotation.when.schedule import after_claim, opens

BATCH = 500

# Every few seconds: to build these statements anew takes longer than to execute them.
_WAITING = (
    select(Rotation.id, Rotation.claims)
    .where(
        Rotation.ended_at.is_(None),
        or_(Rotation.lease_until.is_(None), Rotation.lease_until <= bindparam("now")),
        or_(Rotation.wait_until.is_(None), Rotation.wait_until <= bindparam("now")),
    )
    .order_by(Rotation.strategy_id)
    .limit(BATCH)
)
_RUNS = RotationStrategy.paused_at.is_(None)
_NEXT_MOMENTS = [
    select(func.min(column)).where(column > bindparam("now"), RotationStrategy.deleting_at.is_(None), *only)
    for column, only in (
        (RotationStrategy.due_at, [_RUNS]), (RotationStrategy.retry_at, [_RUNS]), (RotationStrategy.paused_until, []),
    )
]  # fmt: skip
_ENDED_PAUSES = (
    select(RotationStrategy)
    .where(RotationStrategy.paused_until <= bindparam("now"), RotationStrategy.deleting_at.is_(None))
    .order_by(RotationStrategy.paused_until)
    .limit(BATCH)
    .with_for_update()
)
_DUE = (
    select(RotationStrategy)
    .where(
        # Apart, for each has its index.
        RotationStrategy.id.in_(
            union(
                select(RotationStrategy.id).where(RotationStrategy.due_at <= bindparam("now")),
                select(RotationStrategy.id).where(RotationStrategy.retry_at <= bindparam("now")),
            )
        ),
        _RUNS,
        RotationStrategy.deleting_at.is_(None),
        ~select(Rotation.id).where(Rotation.strategy_id == RotationStrategy.id, Rotation.ended_at.is_(None)).exists(),
    )
    .order_by(RotationStrategy.due_at)
    .limit(BATCH)
)


@dataclass(frozen=True)
class Due:
    """What is to be worked on: (id, how often it was taken so far), which together name one piece of work.

    `next_at`: when the next strategy falls due, if any. `batches`: those of which something is left to do. `sessions`:
    the strategies whose temporary credentials are to be fetched. `deliveries`: what is to be told to somebody.
    `copies`: what is to be copied to other stores.
    """

    rotations: list[tuple[int, int]]
    keys: list[tuple[str, int]]
    next_at: datetime | None = None
    batches: list[int] = field(default_factory=list)
    sessions: list[tuple[int, int]] = field(default_factory=list)
    deliveries: list[tuple[int, int]] = field(default_factory=list)
    copies: list[tuple[int, int]] = field(default_factory=list)


def sweep_once(session: Session, now: datetime) -> Due:
    """Request the rotations of strategies that are due, and find all work that waits for a worker. Commits."""
    _end_pauses(session, now)
    for strategy in _due_strategies(session, now):
        _start(session, strategy, now)
    for strategy_id in deletions_to_finish(session, BATCH):
        finish_deletion(session, strategy_id)
    rotations = session.execute(_WAITING, {"now": now}).all()
    next_at, left = _next_at(session, now), unfinished(session)
    beat(session, SWEEP, now)
    watch(session, now, BATCH)
    spread(session, now, BATCH)
    session.commit()
    keys, sessions = keys_to_look_at(session, now, BATCH), sessions_to_fetch(session, now, BATCH)
    told, copied = deliveries_due(session, now, BATCH), copies_due(session, now, BATCH)
    return Due([(row[0], row[1]) for row in rotations], keys, next_at, left, sessions, told, copied)


def _next_at(session: Session, now: datetime) -> datetime | None:
    moments = [session.scalar(moment, {"now": now}) for moment in _NEXT_MOMENTS]
    return min(filter(None, moments), default=None)


def _end_pauses(session: Session, now: datetime) -> None:
    """Resume the schedules whose pause was to end by now."""
    for strategy in session.scalars(_ENDED_PAUSES, {"now": now}):
        resume(session, strategy, now)
        record(
            session, at=now, actor="schedule", action=Action.STRATEGY_RESUME, thing=strategy.user_name,
            project_id=strategy.project_id, strategy_id=strategy.id,
        )  # fmt: skip


def _due_strategies(session: Session, now: datetime) -> list[RotationStrategy]:
    """Strategies whose time or retry has come and that no open rotation holds."""
    return list(session.scalars(_DUE, {"now": now}))


def _start(session: Session, strategy: RotationStrategy, now: datetime) -> None:
    """Claim the strategy's due time, by compare-and-set, and request the one rotation that it leads to.

    Outside of its allowed window it is put off until that opens.
    """
    due_at, retry_at = strategy.due_at, strategy.retry_at
    is_due = due_at is not None and due_at <= now
    opens_at = opens(strategy, now)
    values: dict[str, datetime | int | None]
    if opens_at > now:
        values = {"due_at": opens_at if is_due else due_at, "retry_at": None if is_due else opens_at}
    elif is_due and due_at is not None:
        values = {"retry_at": None, "due_at": after_claim(strategy, due_at, now), "retries": 0}
    else:
        values = {"retry_at": None}
    claimed = session.execute(
        update(RotationStrategy)
        .where(
            RotationStrategy.id == strategy.id,
            RotationStrategy.deleting_at.is_(None),
            RotationStrategy.due_at.is_(None) if due_at is None else RotationStrategy.due_at == due_at,
            RotationStrategy.retry_at.is_(None) if retry_at is None else RotationStrategy.retry_at == retry_at,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount and opens_at <= now:  # type: ignore[attr-defined]
        with suppress(IntegrityError):  # a rotation has served this time already, as after a clock went backwards
            request_rotation(
                session, strategy, by="schedule", trigger=Trigger.SCHEDULE if is_due else Trigger.RETRY, now=now,
                due_at=due_at if is_due else None,
            )  # fmt: skip
