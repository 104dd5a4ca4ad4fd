"""Whether the work is done in time, as the database tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models.access_key import AccessKey
from models.heartbeat import SWEEP, Heartbeat
from models.rotation import Rotation
from models.strategy import RotationStrategy


@dataclass(frozen=True)
class Work:
    """What is to be done, in numbers over all projects."""

    due: int
    """Strategies whose time has come and which no rotation serves yet."""
    overdue: int
    """Those of them that are late."""
    open: int
    """Rotations that are queued, running or waiting."""
    stuck: int
    """Those of them that a worker could take, and none does."""
    keys_late: int
    """Old keys that should have been looked at."""


def last_sweep(session: Session) -> datetime | None:
    """When the sweep last ran to its end; None before its first."""
    return session.scalar(select(Heartbeat.at).where(Heartbeat.name == SWEEP))


def work(session: Session, now: datetime, late: timedelta) -> Work:
    """The numbers. What has waited for longer than `late` is late. One statement."""
    rotates = select(Rotation.id).where(Rotation.strategy_id == RotationStrategy.id, Rotation.ended_at.is_(None))
    active = (RotationStrategy.paused_at.is_(None), RotationStrategy.deleting_at.is_(None), ~rotates.exists())
    free = or_(Rotation.lease_until.is_(None), Rotation.lease_until <= now - late)
    ready = func.coalesce(Rotation.wait_until, Rotation.requested_at) <= now - late
    counts = (
        select(func.count()).where(RotationStrategy.due_at <= now, *active),
        select(func.count()).where(RotationStrategy.due_at <= now - late, *active),
        select(func.count()).where(Rotation.ended_at.is_(None)),
        select(func.count()).where(Rotation.ended_at.is_(None), free, ready),
        select(func.count()).where(AccessKey.look_at <= now - late),
    )
    return Work(*session.execute(select(*(count.scalar_subquery() for count in counts))).one())
