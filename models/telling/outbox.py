"""The outbox: what happened, written in the transaction in which it happened, to be told afterwards.

A crash loses none: an event is there exactly when what it tells is.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, new_id
from models.project import Project
from models.strategy import RotationStrategy


class Kind(StrEnum):
    """Everything that is told, as `thing.what`. A closed list: receivers choose of it."""

    ROTATION_SUCCEEDED = "rotation.succeeded"
    ROTATION_FAILED = "rotation.failed"
    ROTATION_WAITING = "rotation.waiting"
    """A rotation waits for a person."""
    ROTATION_DUE = "rotation.due-soon"
    KEY_USED = "key.used-after-grace"
    KEY_OLD = "key.too-old"
    """A key is older than its project allows."""
    KEY_DELETED = "key.deleted"
    COPY_FAILED = "copy.failed"
    """A copy in another store doesn't get on, and an old key waits for it."""
    STOPPED = "keyturn.stopped"
    """No worker or no scheduler lives."""
    TEST = "test"


class Audience(StrEnum):
    """Whom an event is for."""

    ALL = "all"
    PROGRAMS = "programs"
    """Webhooks alone."""
    PEOPLE = "people"
    """Addresses alone."""


class OutboxEvent(Base):
    """Something that happened. Its id is the same for all who are told, however often."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_at", "at"),
        Index(
            "ix_outbox_unspread",
            "at",
            sqlite_where=text("spread_at IS NULL"),
            postgresql_where=text("spread_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    audience: Mapped[str] = mapped_column(String(8), default=Audience.ALL.value)
    at: Mapped[datetime]
    strategy_id: Mapped[int | None]
    """The strategy concerned, if any; no foreign key, for an event outlives it."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What is told: ids and names as they were, never a value."""
    spread_at: Mapped[datetime | None]
    """When there was a delivery for each who is to be told; NULL until then."""


def tell(
    session: Session,
    kind: Kind,
    now: datetime,
    *,
    project_id: str,
    strategy: RotationStrategy | None = None,
    audience: Audience = Audience.ALL,
    **data: Any,
) -> OutboxEvent:
    """Write down what happened, in the session's transaction. `data`: ids and names, readable by every receiver."""
    project = session.get_one(Project, project_id)
    told: dict[str, Any] = {"project": {"id": project.id, "name": project.name}}
    if strategy is not None:
        told["strategy"] = {"id": strategy.id, "user_name": strategy.user_name, "account_id": strategy.account_id}
    event = OutboxEvent(
        id=f"evt_{new_id()}", project_id=project_id, kind=kind.value, audience=audience.value, at=now,
        strategy_id=None if strategy is None else strategy.id, data=told | data,
    )  # fmt: skip
    session.add(event)
    return event
