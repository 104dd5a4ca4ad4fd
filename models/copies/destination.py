"""Destinations: places in other stores to which a project's secrets are copied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from crypto import Place, SealingKey
from models.base import Base
from models.connection import Connection


class Destination(Base):
    """A place in another store, such as a repository's secrets, and what it is reached with."""

    __tablename__ = "destinations"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint("length(credential) > 0", name="credential_not_empty"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    """A kind of rotation/copies/kinds.py."""
    settings: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """What a person filled in, by the names of the kind's settings. No secrets."""
    credential: Mapped[bytes | None]
    """Sealed; NULL where none is needed, or a connection serves."""
    connection_id: Mapped[str | None] = mapped_column(ForeignKey("connections.id", ondelete="RESTRICT"), index=True)
    allows_private: Mapped[bool] = mapped_column(default=False)
    """Whether an administrator lets it lead to a private, loopback or link-local address."""
    checked_at: Mapped[datetime | None]
    check: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the last Test found: `ok`, `said`, and where it failed `why`."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))

    connection: Mapped[Connection | None] = relationship()

    def set_credential(self, key: SealingKey, credential: str) -> None:
        """Seal the credential for this row; an empty one is none."""
        self.credential = key.seal(credential.encode(), self._place) if credential else None

    def open_credential(self, key: SealingKey) -> str:
        """The credential; empty where there is none. Raises crypto.CannotOpenError."""
        return key.open(self.credential, self._place).decode() if self.credential else ""

    @property
    def _place(self) -> Place:
        return Place("destinations", self.id, "credential")


def destinations_by(session: Session, connection_id: str) -> Sequence[Destination]:
    """The destinations that are reached by a connection, by name."""
    found = select(Destination).where(Destination.connection_id == connection_id).order_by(Destination.name)
    return session.scalars(found).all()


def destinations_of(session: Session, project_id: str) -> Sequence[Destination]:
    """The project's destinations, by name."""
    mine = select(Destination).where(Destination.project_id == project_id)
    return session.scalars(mine.order_by(Destination.name)).all()
