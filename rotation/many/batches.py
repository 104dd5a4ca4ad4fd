"""One thing done to many strategies: each in a transaction of its own, by whoever has time, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import Action, Batch, BatchItem, Deed, Rotation, RotationStrategy, Trigger
from models.audit import record
from models.schedule import Schedule
from models.strategy import lock_strategy
from rotation.requests import request_rotation
from rotation.setup.strategies import facts
from rotation.when import planning

_SCHEDULE = ("interval_s", "cron", "time_zone", "window", "spread_s")


def start(session: Session, batch: Batch, strategy_ids: Iterable[int]) -> None:
    """Write down that the batch is to be done to these strategies, without committing. `work` does it."""
    session.add(batch)
    session.flush()
    session.execute(insert(BatchItem), [{"batch_id": batch.id, "strategy_id": each} for each in strategy_ids])


def columns(schedule: Schedule | None) -> dict[str, Any]:
    """The schedule as a batch holds it."""
    like = RotationStrategy()
    like.schedule = schedule
    return {name: getattr(like, name) for name in _SCHEDULE}


def work(session: Session, batch_id: int, now: Callable[[], datetime]) -> Iterator[Rotation | None]:
    """Do what is left of the batch; after each strategy, which is committed, the rotation that it got, if it got one.

    Any number may work on one batch. Whoever stops half-way leaves the rest to the next one.
    """
    batch = session.get(Batch, batch_id)
    while batch is not None and (item := _next(session, batch_id)) is not None:
        item.done_at = now()
        strategy = session.get(RotationStrategy, item.strategy_id)
        rotation = None
        if strategy is not None and lock_strategy(session, strategy) and strategy.deleting_at is None:
            rotation = _DEEDS[Deed(batch.deed)](session, batch, strategy, item.done_at)
        item.rotation_id = None if rotation is None else rotation.id
        session.commit()
        yield rotation
    session.rollback()


def unfinished(session: Session) -> list[int]:
    """The batches of which something is left to do."""
    return list(session.scalars(select(BatchItem.batch_id).where(BatchItem.done_at.is_(None)).distinct()))


def _next(session: Session, batch_id: int) -> BatchItem | None:
    left = select(BatchItem).where(BatchItem.batch_id == batch_id, BatchItem.done_at.is_(None))
    return session.scalar(left.order_by(BatchItem.strategy_id).limit(1).with_for_update(skip_locked=True))


def _rotate(session: Session, batch: Batch, strategy: RotationStrategy, now: datetime) -> Rotation:
    rotation, _ = request_rotation(
        session, strategy, by=batch.by, trigger=Trigger.BUTTON, now=now, actor_id=batch.actor_id, address=batch.address
    )
    return rotation


def _pause(session: Session, batch: Batch, strategy: RotationStrategy, now: datetime) -> None:
    if strategy.paused_at is None or batch.until != strategy.paused_until:
        planning.pause(session, strategy, batch.by, now, batch.until)
        until = {"until": batch.until.astimezone(UTC).isoformat(timespec="seconds")} if batch.until else {}
        _record(session, batch, strategy, now, Action.STRATEGY_PAUSE, **until)


def _resume(session: Session, batch: Batch, strategy: RotationStrategy, now: datetime) -> None:
    if strategy.paused_at is not None:
        planning.resume(session, strategy, now)
        _record(session, batch, strategy, now, Action.STRATEGY_RESUME)


def _reschedule(session: Session, batch: Batch, strategy: RotationStrategy, now: datetime) -> None:
    before = facts(strategy)
    for name, value in (batch.schedule or {}).items():
        setattr(strategy, name, value)
    after = facts(strategy)
    changes = {name: f"{before[name]} to {after[name]}" for name in after if after[name] != before[name]}
    if changes:
        planning.plan_anew(session, strategy, now)
        _record(session, batch, strategy, now, Action.STRATEGY_CHANGE, **changes)


def _record(
    session: Session, batch: Batch, strategy: RotationStrategy, now: datetime, action: Action, **detail: Any
) -> None:
    record(
        session, at=now, actor=batch.by, actor_id=batch.actor_id, address=batch.address, action=action,
        thing=strategy.user_name, project_id=strategy.project_id, strategy_id=strategy.id, **detail,
    )  # fmt: skip


_DEEDS: dict[Deed, Callable[[Session, Batch, RotationStrategy, datetime], Rotation | None]] = {
    Deed.ROTATE: _rotate,
    Deed.PAUSE: _pause,
    Deed.RESUME: _resume,
    Deed.SCHEDULE: _reschedule,
}
