"""Connections: stored AWS access that a project's rotations use."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crypto import Place, SealingKey
from models.base import Base

_ACCESS_KEY_ID = re.compile(r"A[A-Z0-9]{15,127}")
_REGION = re.compile(r"(?=.{5,32}\Z)[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}")


class Connection(Base):
    """A manager's access key and region, and how a new key is verified over it."""

    __tablename__ = "connections"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint("length(secret_access_key) > 0", name="secret_access_key_not_empty"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    access_key_id: Mapped[str] = mapped_column(String(128))
    secret_access_key: Mapped[bytes]
    region: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(String(12), default="")
    """The manager's account, empty until AWS has told it."""
    manager: Mapped[str] = mapped_column(String(640), default="")
    """The manager's ARN resource, as AWS told it: `user/ops/key-manager`. An IAM path alone may have 512 characters."""
    verify_rounds: Mapped[int] = mapped_column(default=8)
    """Good rounds in a row before a new key is published."""
    verify_gap_s: Mapped[int] = mapped_column(default=1)
    """Least pause between two rounds, in seconds."""
    verify_services: Mapped[list[str]] = mapped_column(JSON, default=lambda: ["sts", "iam", "s3"])
    created_at: Mapped[datetime]
    key_since: Mapped[datetime | None]
    """When its key was last replaced; NULL while it has its first."""
    key_by: Mapped[str] = mapped_column(String(64), default="")
    """Who entered its present key."""
    checked_at: Mapped[datetime | None]
    check: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """What the last Check found, as rows for the page."""

    def set_secret(self, key: SealingKey, secret_access_key: str) -> None:
        """Seal the manager's secret access key for this row."""
        self.secret_access_key = key.seal(secret_access_key.encode(), self._place)

    def open_secret(self, key: SealingKey) -> str:
        """The manager's secret access key. Raises crypto.CannotOpenError."""
        return key.open(self.secret_access_key, self._place).decode()

    @property
    def manager_name(self) -> str:
        """The manager's user name, or an empty string until AWS has told it."""
        return self.manager.rpartition("/")[2]

    @property
    def _place(self) -> Place:
        return Place("connections", self.id, "secret_access_key")


def access_key_id_problem(text: str) -> str | None:
    """Why `text` can't be an access key ID, in a sentence; None when it can.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html: 16 to 128 characters.
    """
    if _ACCESS_KEY_ID.fullmatch(text):
        return None
    return "An access key ID has 16 or more capital letters and digits and begins with AKIA as a rule."


def region_problem(text: str) -> str | None:
    """Why `text` can't be an AWS region, in a sentence; None when it can."""
    return None if _REGION.fullmatch(text) else "A region looks like eu-west-1 or us-east-1."
