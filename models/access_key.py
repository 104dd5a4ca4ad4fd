"""Access keys: one key pair at AWS through its life."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    bindparam,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from crypto import Place, SealingKey
from models.base import Base


class KeyState(StrEnum):
    """Where an access key is in its life."""

    PENDING = "pending"
    """Its creation is about to be asked for: the intent."""
    CREATED = "created"
    """AWS made it, and nobody reads it yet."""
    ACTIVE = "active"
    """Published: programs read it."""
    RETIRING = "retiring"
    """Replaced, and still valid at AWS."""
    DEACTIVATED = "deactivated"
    """Inactive at AWS: no call takes it, and it can be brought back."""
    DELETED = "deleted"
    LOST = "lost"
    """AWS may have made it, but its answer never came."""


TRANSITIONS: Mapping[KeyState, frozenset[KeyState]] = {
    KeyState.PENDING: frozenset({KeyState.CREATED, KeyState.LOST, KeyState.DELETED}),
    # A late answer turns a key that was given up as lost into a known one.
    KeyState.LOST: frozenset({KeyState.CREATED, KeyState.DELETED}),
    KeyState.CREATED: frozenset({KeyState.ACTIVE, KeyState.DELETED}),
    # A person may cut off a compromised key that programs still read.
    KeyState.ACTIVE: frozenset({KeyState.RETIRING, KeyState.DEACTIVATED, KeyState.DELETED}),
    # An undone rotation publishes the key before.
    KeyState.RETIRING: frozenset({KeyState.ACTIVE, KeyState.DEACTIVATED, KeyState.DELETED}),
    KeyState.DEACTIVATED: frozenset({KeyState.ACTIVE, KeyState.RETIRING, KeyState.DELETED}),
    KeyState.DELETED: frozenset(),
}

REPLACED = (KeyState.RETIRING, KeyState.DEACTIVATED)
"""The states of keys that made way for another and that AWS still has."""

NOTICED = (
    "state <> 'deleted' AND (error_code <> '' OR state = 'lost' OR last_used_at > replaced_at OR leaked_at IS NOT NULL)"
)
"""What of a key may need a person's attention; in words of SQL, for an index of such keys is asked for by these."""

AT_AWS = (KeyState.CREATED, KeyState.ACTIVE, KeyState.RETIRING, KeyState.DEACTIVATED)
"""The states of keys that AWS holds for certain."""


class AccessKey(Base):
    """One access key that a strategy made or took over; other keys have no row and are never touched."""

    __tablename__ = "access_keys"
    __table_args__ = (
        CheckConstraint("secret_access_key IS NULL OR length(secret_access_key) > 0", name="secret_not_empty"),
        CheckConstraint("access_key_id IS NOT NULL OR state IN ('pending', 'lost', 'deleted')", name="known"),
        Index(
            "uq_access_keys_active",
            "strategy_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index("ix_access_keys_look_at", "look_at"),
        Index("ix_access_keys_strategy_id", "strategy_id", "intent_at"),
        Index(
            "ix_access_keys_not_deleted",
            "project_id",
            "strategy_id",
            sqlite_where=text("state <> 'deleted'"),
            postgresql_where=text("state <> 'deleted'"),
        ),
        Index("ix_access_keys_noticed", "project_id", sqlite_where=text(NOTICED), postgresql_where=text(NOTICED)),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    strategy_id: Mapped[int] = mapped_column(ForeignKey("rotation_strategies.id", ondelete="CASCADE"))
    rotation_id: Mapped[int | None]
    """The rotation that made it; NULL for a key that was taken over."""
    state: Mapped[str] = mapped_column(String(11))
    access_key_id: Mapped[str | None] = mapped_column(String(128))
    """NULL until AWS has answered."""
    secret_access_key: Mapped[bytes | None]
    """Sealed; NULL for a key that was taken over, unless a connection held it, and once the key is deleted."""
    known_before: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """The user's key IDs before the intent, where the manager may list them: what a lost key is told apart by."""
    intent_at: Mapped[datetime]
    """When its creation was about to be asked for, or when it was taken over."""
    created_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
    """When its successor was published."""
    retire_at: Mapped[datetime | None]
    """The end of its grace, and once it is inactive of its watch: not ended before, unless a person says so."""
    held_until: Mapped[datetime | None]
    """Until when programs were told that it, or what it signed for, holds, margin included: no rule ends it before."""
    look_at: Mapped[datetime | None]
    """When the sweep looks at it next (retire, discard, find); NULL when there is nothing to do."""
    looks: Mapped[int] = mapped_column(default=0)
    """How often it was looked at: tells the queue's jobs for it apart."""
    quiet_at: Mapped[datetime | None]
    """When it can be deleted if AWS reports no further use; NULL until asked."""
    last_used_at: Mapped[datetime | None]
    last_used_service: Mapped[str] = mapped_column(String(64), default="")
    last_used_region: Mapped[str] = mapped_column(String(32), default="")
    asked_at: Mapped[datetime | None]
    """When AWS was last asked for its last use."""
    deactivated_at: Mapped[datetime | None]
    delete_sent_at: Mapped[datetime | None]
    """When AWS was last asked to delete it: set before, for the answer may be lost."""
    deleted_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    """When a published key was last seen to work."""
    restored_at: Mapped[datetime | None]
    """When it came back from a backup: until it is proven, nothing is deleted on the word of this row."""
    ended_by: Mapped[str] = mapped_column(String(64), default="")
    """Who ended it: a person's name, or empty for retirement by rule."""
    returned_by: Mapped[str] = mapped_column(String(64), default="")
    """Who wants it back while it is inactive; empty once AWS has activated it."""
    leaked_at: Mapped[datetime | None]
    """When a person said that it is compromised: it ends without grace, and stays inactive as evidence."""
    leaked_by: Mapped[str] = mapped_column(String(64), default="")
    error_code: Mapped[str] = mapped_column(String(32), default="")
    """Why its retirement doesn't go on: a code of rotation.failures; empty when it does."""
    error_facts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)

    def seal_place(self) -> Place:
        """Where the secret access key's ciphertext lives."""
        return Place("access_keys", self.id, "secret_access_key")

    def open_secret(self, key: SealingKey) -> str:
        """The secret access key. Raises crypto.CannotOpenError; ValueError where none is kept."""
        if self.secret_access_key is None:
            raise ValueError("this access key's secret is not kept")
        return key.open(self.secret_access_key, self.seal_place()).decode()

    @property
    def taken_over(self) -> bool:
        """Whether the key was there before the strategy."""
        return self.rotation_id is None


def is_free(now: datetime) -> ColumnElement[bool]:
    """The condition for a key of which no program was told that it still holds."""
    return or_(AccessKey.held_until.is_(None), AccessKey.held_until <= now)


def is_current(strategy_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """The condition for the key that programs read of the strategy's."""
    return and_(AccessKey.strategy_id == strategy_id, AccessKey.state == KeyState.ACTIVE.value)


def recorded_ids(session: Session, strategy_id: int) -> set[str | None]:
    """The access key IDs that the strategy ever made or took over, deleted ones too."""
    return set(session.scalars(select(AccessKey.access_key_id).where(AccessKey.strategy_id == strategy_id)))


def move(session: Session, key_id: str, old: KeyState, new: KeyState, **values: Any) -> bool:
    """Move a key from `old` to `new`, writing `values` with it; False, and nothing written, when it isn't `old` by now.

    Raises ValueError for a move that TRANSITIONS doesn't have.
    """
    if new not in TRANSITIONS[old]:
        raise ValueError(f"an access key doesn't go from {old} to {new}")
    moved = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key_id, AccessKey.state == old.value)
        .values(state=new.value, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]


_CLAIM_LOOK = (
    update(AccessKey)
    .where(AccessKey.id == bindparam("key"), AccessKey.look_at <= bindparam("now"))
    .values(look_at=bindparam("again"), looks=AccessKey.looks + 1)
    .execution_options(synchronize_session=False)
)


def claim_look(session: Session, key_id: str, now: datetime, pause: timedelta) -> bool:
    """Take the look at a key that is due; True exactly when this call took it.

    The next look is put off by `pause` first: a look that dies is made up, and one that raises can't stop the others.
    """
    taken = session.execute(_CLAIM_LOOK, {"key": key_id, "now": now, "again": now + pause})
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def keep_look(session: Session, key_id: str, until: datetime, longer: datetime) -> bool:
    """Keep a look that was taken until a time for `longer`, without committing.

    False when another one has taken it since, or somebody asked for another look.
    """
    kept = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key_id, AccessKey.look_at == until)
        .values(look_at=longer)
        .execution_options(synchronize_session=False)
    )
    return bool(kept.rowcount)  # type: ignore[attr-defined]
