"""Rotations: one run of a strategy, with its steps, its lease and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Executable,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from models.base import ACTOR_LENGTH, Base
from models.connection import Connection
from models.strategy import RotationStrategy

AT_ONCE = 4
"""So many rotations of one connection are worked on at once, over all workers."""


class State(StrEnum):
    """How far a rotation is. `succeeded` and `failed` are final."""

    QUEUED = "queued"
    CREATING = "creating"
    VERIFYING = "verifying"
    PUBLISHING = "publishing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Trigger(StrEnum):
    """What started a rotation."""

    BUTTON = "button"
    SCHEDULE = "schedule"
    RETRY = "retry"
    API = "api"
    """A program, by its token."""


BY_HAND = (Trigger.BUTTON, Trigger.API)
"""What starts a rotation besides the schedule: a failed one isn't tried again by itself."""


class Purpose(StrEnum):
    """What a rotation is for."""

    TURN = "turn"
    """A new key."""
    UNDO = "undo"
    """Back to the key before, `access_key_id`."""


class StepName(StrEnum):
    """The steps that a rotation may have."""

    CLAIM = "claim"
    MAKE_ROOM = "make-room"
    CREATE = "create"
    BRING_BACK = "bring-back"
    """The key before is proven to be the user's, and active."""
    VERIFY = "verify"
    PUBLISH = "publish"


STEPS: Mapping[Purpose, tuple[StepName, ...]] = {
    Purpose.TURN: (StepName.CLAIM, StepName.MAKE_ROOM, StepName.CREATE, StepName.VERIFY, StepName.PUBLISH),
    Purpose.UNDO: (StepName.CLAIM, StepName.BRING_BACK, StepName.VERIFY, StepName.PUBLISH),
}
"""The steps of a rotation, in order."""


class Rotation(Base):
    """One run of a strategy. At most one of a strategy is open; a due time has at most one."""

    __tablename__ = "rotations"
    __table_args__ = (
        Index(
            "uq_rotations_open",
            "strategy_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        UniqueConstraint("strategy_id", "due_at"),
        Index("ix_rotations_strategy_id", "strategy_id", "id"),
        Index(
            "ix_rotations_open_project",
            "project_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_rotations_failed_project",
            "project_id",
            sqlite_where=text("state = 'failed'"),
            postgresql_where=text("state = 'failed'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    strategy_id: Mapped[int] = mapped_column(ForeignKey("rotation_strategies.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(12), default=State.QUEUED.value)
    trigger: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(4), default=Purpose.TURN.value)
    requested_by: Mapped[str] = mapped_column(String(ACTOR_LENGTH))
    """A person's name, `token:` with a token's, or `schedule`."""
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """The scheduled time that this rotation serves, if any."""
    end_old_key: Mapped[bool] = mapped_column(default=False)
    """The person at the button chose to end the old key to make room; else it waits for room."""
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    claims: Mapped[int] = mapped_column(default=0)
    """How often a worker took it: tells the queue's jobs for it apart."""
    lease_owner: Mapped[str] = mapped_column(String(128), default="")
    lease_until: Mapped[datetime | None]
    wait_until: Mapped[datetime | None]
    """No worker takes it before; NULL when it needn't wait."""
    wait_code: Mapped[str] = mapped_column(String(32), default="")
    """Why it waits: a code of rotation.failures, or empty for the pause between two rounds of verification."""
    tries: Mapped[int] = mapped_column(default=0)
    """Transient refusals in a row (throttled, unreachable)."""
    listed_keys: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """The user's key IDs before the intent; NULL where the manager may not list them."""
    good_rounds: Mapped[int] = mapped_column(default=0)
    verify_until: Mapped[datetime | None]
    access_key_id: Mapped[str | None] = mapped_column(String(32))
    """The row in access_keys of the key that this rotation makes, or goes back to."""
    error_code: Mapped[str] = mapped_column(String(32), default="")
    error_facts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)

    strategy: Mapped[RotationStrategy] = relationship()
    steps: Mapped[list[RotationStep]] = relationship(
        back_populates="rotation", order_by="RotationStep.id", passive_deletes=True
    )

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.ended_at is None


class RotationStep(Base):
    """One step as it happened.

    `calls` has a row per question to AWS: `at` (ISO 8601, UTC), `action`, `said`, `ok`, `request_id`.
    """

    __tablename__ = "rotation_steps"
    __table_args__ = (UniqueConstraint("rotation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rotation_id: Mapped[int] = mapped_column(ForeignKey("rotations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(12))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    failed: Mapped[bool] = mapped_column(default=False)
    summary: Mapped[str] = mapped_column(String(500), default="")
    calls: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    rotation: Mapped[Rotation] = relationship(back_populates="steps")


# At each turn of a worker: to build these statements anew takes longer than to execute them.

# Claims of one connection wait for each other: else two of them could count the same.
_LOCK_CONNECTION = (
    select(Connection.id)
    .join(RotationStrategy, RotationStrategy.connection_id == Connection.id)
    .join(Rotation, Rotation.strategy_id == RotationStrategy.id)
    .where(Rotation.id == bindparam("rotation"))
    .with_for_update(of=Connection, key_share=True)
)
_other, _theirs = aliased(Rotation), aliased(RotationStrategy)
_IN_HAND = (
    select(func.count())
    .select_from(_other)
    .join(_theirs, _theirs.id == _other.strategy_id)
    .where(
        _theirs.connection_id == bindparam("connection"),
        _other.ended_at.is_(None),
        _other.lease_until > bindparam("now"),
    )
    .scalar_subquery()
)
_CLAIM = (
    update(Rotation)
    .where(
        Rotation.id == bindparam("rotation"),
        Rotation.ended_at.is_(None),
        or_(Rotation.lease_until.is_(None), Rotation.lease_until <= bindparam("now")),
        or_(Rotation.wait_until.is_(None), Rotation.wait_until <= bindparam("now")),
        _IN_HAND < AT_ONCE,
    )
    .values(lease_owner=bindparam("owner"), lease_until=bindparam("until"), claims=Rotation.claims + 1)
    .execution_options(synchronize_session=False)
)


def claim(session: Session, rotation_id: int, owner: str, now: datetime, lease: timedelta) -> bool:
    """Take the lease of an open rotation whose time has come and that nobody holds.

    True exactly when this call took it: compare-and-set in one statement, of any number of workers one wins. False also
    while AT_ONCE rotations of its connection are in hand: whatever an account does to them, it holds no more workers.
    """
    connection_id = session.scalar(_LOCK_CONNECTION, {"rotation": rotation_id})
    taken = session.execute(
        _CLAIM,
        {"rotation": rotation_id, "connection": connection_id, "owner": owner, "now": now, "until": now + lease},
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


@cache
def _hold(*names: str) -> Executable:
    """The statement that writes the columns `names` to a rotation that `owner` holds."""
    return (
        update(Rotation)
        .where(
            Rotation.id == bindparam("rotation"),
            Rotation.lease_owner == bindparam("owner"),
            Rotation.ended_at.is_(None),
        )
        .values({name: bindparam(f"new_{name}") for name in names})
        .returning(Rotation)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


def hold(session: Session, rotation_id: int, owner: str, now: datetime, lease: timedelta | None, **values: Any) -> bool:
    """Write `values` to a rotation whose lease `owner` holds, renewing the lease, or giving it back when None.

    The session's own Rotation is fresh afterwards. False, and nothing written, when the lease is another's by now or
    the rotation has ended.
    """
    values["lease_until"] = None if lease is None else now + lease
    if lease is None:
        values["lease_owner"] = ""
    new = {f"new_{name}": value for name, value in values.items()}
    held = session.scalars(_hold(*values), {"rotation": rotation_id, "owner": owner, **new})
    return held.one_or_none() is not None
