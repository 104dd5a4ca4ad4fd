"""Connections: stored AWS access that a project's rotations use."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, or_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from crypto import Place, SealingKey
from models.base import Base

_ACCESS_KEY_ID = re.compile(r"A[A-Z0-9]{15,127}")
_ROLE_ARN = re.compile(
    r"arn:(?P<partition>aws|aws-cn|aws-us-gov):iam::\d{12}:role/(?:[\x21-\x7e]{1,510}/)?[\w+=,.@-]{1,64}", re.ASCII
)
_NO_HOST = re.compile(r"[^a-z0-9.:_-]")
_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}")
_WAY_LENGTH = 255
_REGION = re.compile(r"(?=.{5,32}\Z)[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}")


class Connection(Base):
    """How AWS is reached: a stored access key, a role or the machine's own credentials; and how a new key is verified.

    What signs is the stored key, or the machine's own credentials where there is none. With a role, that only assumes
    it.
    """

    __tablename__ = "connections"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint("length(secret_access_key) > 0", name="secret_access_key_not_empty"),
        CheckConstraint("(access_key_id = '') = (secret_access_key IS NULL)", name="whole_key_or_none"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    access_key_id: Mapped[str] = mapped_column(String(128), default="")
    """Empty where the machine's own credentials serve."""
    secret_access_key: Mapped[bytes | None]
    role_arn: Mapped[str] = mapped_column(String(640), default="")
    """The role that is assumed, or empty."""
    region: Mapped[str] = mapped_column(String(32))
    endpoint_url: Mapped[str] = mapped_column(String(255), default="")
    """Where IAM, STS and S3 are asked instead of AWS; empty: as the whole installation does."""
    proxy_url: Mapped[str] = mapped_column(String(255), default="")
    """The proxy through which they are asked; empty: as the machine is set up."""
    account_id: Mapped[str] = mapped_column(String(12), default="")
    """The manager's account, empty until AWS has told it."""
    manager: Mapped[str] = mapped_column(String(640), default="")
    """The manager's ARN resource, as AWS told it: `user/ops/key-manager`. An IAM path alone may have 512 characters."""
    assumed_by: Mapped[str] = mapped_column(String(700), default="")
    """The ARN of who assumes the role, as AWS told it."""
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
    worked_at: Mapped[datetime | None]
    """When AWS last took the connection's credentials, to the minute."""
    check: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """What the last Check found, as rows for the page."""

    def set_secret(self, key: SealingKey, secret_access_key: str) -> None:
        """Seal the manager's secret access key for this row."""
        self.secret_access_key = key.seal(secret_access_key.encode(), self._place)

    def open_secret(self, key: SealingKey) -> str:
        """The manager's secret access key; empty where there is none. Raises crypto.CannotOpenError."""
        return key.open(self.secret_access_key, self._place).decode() if self.secret_access_key else ""

    @property
    def kind(self) -> str:
        """`key`: a stored access key; `role`: one that is assumed; `own`: the machine's own credentials."""
        return "role" if self.role_arn else "key" if self.access_key_id else "own"

    @property
    def manager_name(self) -> str:
        """The manager's name, a user's or a role's; an empty string until AWS has told it."""
        return self.manager.rpartition("/")[2]

    @property
    def _place(self) -> Place:
        return Place("connections", self.id, "secret_access_key")


def note_worked(session: Session, connection_id: str, now: datetime) -> None:
    """Note that AWS has just taken the connection's credentials, at most once a minute. Doesn't commit."""
    session.execute(
        update(Connection)
        .where(
            Connection.id == connection_id,
            or_(Connection.worked_at.is_(None), Connection.worked_at <= now - timedelta(minutes=1)),
        )
        .values(worked_at=now)
        .execution_options(synchronize_session=False)
    )


def partition(region: str) -> str:
    """The partition of a region: `aws`, `aws-cn` or `aws-us-gov`; `aws` for a region that can't be told."""
    return next((f"aws-{part}" for part in ("cn", "us-gov") if region.startswith(f"{part}-")), "aws")


def access_key_id_problem(text: str) -> str | None:
    """Why `text` can't be an access key ID, in a sentence; None when it can.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html: 16 to 128 characters.
    """
    if _ACCESS_KEY_ID.fullmatch(text):
        return None
    return "An access key ID has 16 or more capital letters and digits and begins with AKIA as a rule."


def role_arn_problem(text: str, region: str) -> str | None:
    """Why `text` can't be a role to assume in the region's partition, in a sentence; None when it can."""
    found = _ROLE_ARN.fullmatch(text)
    if found is None:
        return "A role's ARN looks like arn:aws:iam::111122223333:role/keyturn."
    if found["partition"] != partition(region):
        return f"This role is of the partition {found['partition']}; {region} is of {partition(region)}."
    return None


def way_problem(text: str) -> str | None:
    """Why `text` can't be the address of an endpoint or a proxy, in a sentence; None when it can.

    A password in it would be stored and shown as it is.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"https", "http"} or _NO_HOST.search(host) or len(text) > _WAY_LENGTH:
        return "An address looks like https://aws.example.com or https://10.0.0.5:8443."
    if parts.username is not None or parts.password is not None:
        return "Leave out the name and password: they would be stored and shown as they are."
    if parts.query or parts.fragment or parts.path.strip("/"):
        return "Leave out what follows the host and port."
    return None


def is_here(address: str) -> bool:
    """Whether an address that way_problem finds right leads to this very machine."""
    host = urlsplit(address).hostname or ""
    return host in {"localhost", "::1"} or _LOOPBACK.fullmatch(host) is not None


def region_problem(text: str) -> str | None:
    """Why `text` can't be an AWS region, in a sentence; None when it can."""
    return None if _REGION.fullmatch(text) else "A region looks like eu-west-1 or us-east-1."
