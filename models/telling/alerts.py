"""What goes on being wrong: people are told when it begins, then once a day, and when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, add_unless_there
from models.telling.outbox import Kind

AGAIN = timedelta(days=1)


class Alert(Base):
    """One thing that is wrong. `subject`: the id of the strategy, key or rotation that it is wrong with."""

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("project_id", "kind", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    strategy_id: Mapped[int | None] = mapped_column(
        ForeignKey("rotation_strategies.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(32))
    began_at: Mapped[datetime]
    told_at: Mapped[datetime] = mapped_column(index=True)
    """When people were told last."""


def raise_alert(
    session: Session, kind: Kind, subject: str, now: datetime, *, project_id: str, strategy_id: int | None
) -> bool:
    """Note that it is wrong; whether people are to be told: it is new, or a day has passed. Doesn't commit."""
    mine = Alert.project_id == project_id, Alert.kind == kind.value, Alert.subject == subject
    told_at = session.scalar(select(Alert.told_at).where(*mine).with_for_update())
    if told_at is None:
        # False: another process noticed it at this moment, and tells.
        return add_unless_there(
            session,
            Alert(
                project_id=project_id, strategy_id=strategy_id, kind=kind.value, subject=subject, began_at=now,
                told_at=now,
            ),
        )  # fmt: skip
    if told_at > now - AGAIN:
        return False
    session.execute(update(Alert).where(*mine).values(told_at=now).execution_options(synchronize_session=False))
    return True


def clear_alert(session: Session, kind: Kind, subject: str, *, project_id: str) -> bool:
    """Note that it is no longer wrong; whether it was. Doesn't commit."""
    mine = Alert.project_id == project_id, Alert.kind == kind.value, Alert.subject == subject
    gone = session.execute(delete(Alert).where(*mine).execution_options(synchronize_session=False))
    return bool(gone.rowcount)  # type: ignore[attr-defined]
