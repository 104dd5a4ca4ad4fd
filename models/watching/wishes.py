"""The wish to be told when an old key goes quiet: one a person and key, told once, shown until dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Row, Select, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.access_key import AccessKey
from models.base import Base
from models.project import Project
from models.strategy import RotationStrategy


class QuietWish(Base):
    """Somebody wants to be told. It is told when AWS has reported no use for the strategy's quiet time."""

    __tablename__ = "quiet_wishes"
    __table_args__ = (
        UniqueConstraint("key_id", "user_id"),
        Index("ix_quiet_wishes_user_id", "user_id", "told_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("access_keys.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    wished_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    """When the key was found quiet; from then on the person sees a notice."""
    quiet_since: Mapped[datetime | None]
    """From when on AWS had reported no use, at that moment."""


def wish(session: Session, key_id: str, user_id: int, now: datetime) -> None:
    """Have the person told when the key goes quiet, without committing. Wishing twice is wishing once."""
    if session.scalar(_of(key_id, user_id)) is None:
        session.add(QuietWish(key_id=key_id, user_id=user_id, wished_at=now))


def take_back(session: Session, key_id: str, user_id: int) -> None:
    """Forget the person's wish, told or not, without committing: so is a notice dismissed."""
    session.execute(delete(QuietWish).where(QuietWish.key_id == key_id, QuietWish.user_id == user_id))


def has_wished(session: Session, key_id: str, user_id: int) -> bool:
    """Whether the person waits to be told."""
    return session.scalar(_of(key_id, user_id).where(QuietWish.told_at.is_(None))) is not None


def fulfil(session: Session, key_id: str, quiet_since: datetime, now: datetime) -> None:
    """Tell all who wait for the key that it has gone quiet, without committing."""
    session.execute(
        update(QuietWish)
        .where(QuietWish.key_id == key_id, QuietWish.told_at.is_(None))
        .values(told_at=now, quiet_since=quiet_since)
        .execution_options(synchronize_session=False)
    )


def notices(session: Session, user_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """What the person is to be told, the newest first, also of projects that they may not enter any more.

    Rows of `key_id`, `access_key_id`, `quiet_since`, `told_at`, `strategy_id`, `user_name`,
    `project_id` and `project_name`.
    """
    found = session.execute(
        select(
            QuietWish.key_id,
            AccessKey.access_key_id,
            QuietWish.quiet_since,
            QuietWish.told_at,
            AccessKey.strategy_id,
            RotationStrategy.user_name,
            AccessKey.project_id,
            Project.name.label("project_name"),
        )
        .join(AccessKey, AccessKey.id == QuietWish.key_id)
        .join(RotationStrategy, RotationStrategy.id == AccessKey.strategy_id)
        .join(Project, Project.id == AccessKey.project_id)
        .where(QuietWish.user_id == user_id, QuietWish.told_at.is_not(None))
        .order_by(QuietWish.told_at.desc())
    )
    return found.all()


def _of(key_id: str, user_id: int) -> Select[int]:
    return select(QuietWish.id).where(QuietWish.key_id == key_id, QuietWish.user_id == user_id)
