"""Batches: one thing done to many strategies, of which each is done by itself."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Deed(StrEnum):
    """What is done to each strategy of a batch."""

    ROTATE = "rotate"
    PAUSE = "pause"
    RESUME = "resume"
    SCHEDULE = "schedule"


class Batch(Base):
    """What a person asked for, once for many strategies."""

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_project_id", "project_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    deed: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[int | None]
    """The person; no foreign key, for what was asked is done after they have gone, too."""
    address: Mapped[str] = mapped_column(String(45), default="")
    until: Mapped[datetime | None]
    """The end of the pause."""
    schedule: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The new schedule, as the columns of a strategy."""


class BatchItem(Base):
    """One strategy of a batch. No foreign key to it: an item of a strategy that is gone is done with nothing."""

    __tablename__ = "batch_items"
    __table_args__ = (
        Index(
            "ix_batch_items_to_do",
            "batch_id",
            "strategy_id",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    strategy_id: Mapped[int] = mapped_column(primary_key=True)
    done_at: Mapped[datetime | None]
    rotation_id: Mapped[int | None]
    """The rotation that the strategy got by it."""
