"""Signs of life of what runs beside the web: the status page reads them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base

SWEEP = "sweep"
BACKUP = "backup"
RESTORE = "restore"


class Heartbeat(Base):
    """When a periodic task last ran to its end."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime]


_BEAT = (
    update(Heartbeat)
    .where(Heartbeat.name == bindparam("of"))
    .values(at=bindparam("now"))
    .execution_options(synchronize_session=False)
)


def beat(session: Session, name: str, now: datetime) -> None:
    """Record that `name` ran now. Commits nothing."""
    seen = session.execute(_BEAT, {"of": name, "now": now})
    if seen.rowcount:  # type: ignore[attr-defined]
        return
    try:
        with session.begin_nested():
            session.execute(insert(Heartbeat).values(name=name, at=now))
    except IntegrityError:  # another process recorded its first beat at this moment
        return
