"""What AWS has told of a key's uses through its life: only the newest service and region at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base


class KeyUse(Base):
    """A last use that AWS told. Asked again and told the same, it makes no other row."""

    __tablename__ = "key_uses"
    __table_args__ = (
        UniqueConstraint("key_id", "used_at", "service", "region"),
        Index("ix_key_uses_told_at", "key_id", "told_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("access_keys.id", ondelete="CASCADE"))
    used_at: Mapped[datetime]
    """AWS's own time, coarse by 15 minutes."""
    service: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(32))
    told_at: Mapped[datetime]
    """When AWS was asked and told it first."""


def add_use(
    session: Session, key_id: str, used_at: datetime, service: str, region: str, now: datetime
) -> KeyUse | None:
    """Record what AWS told of the key just now, without committing; None when it was told before."""
    told = select(KeyUse.id).where(
        KeyUse.key_id == key_id, KeyUse.used_at == used_at, KeyUse.service == service, KeyUse.region == region
    )
    if session.scalar(told) is not None:
        return None
    use = KeyUse(key_id=key_id, used_at=used_at, service=service, region=region, told_at=now)
    session.add(use)
    return use


def uses_of(session: Session, key_id: str, most: int) -> list[KeyUse]:
    """The key's newest uses as AWS told them, at most so many, the newest first."""
    newest = select(KeyUse).where(KeyUse.key_id == key_id).order_by(KeyUse.used_at.desc(), KeyUse.id.desc())
    return list(session.scalars(newest.limit(most)))
