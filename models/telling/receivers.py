"""Who is told: webhooks, which are programs, and addresses of people. Both belong to a project."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crypto import Place, SealingKey
from models.base import Base
from models.telling.outbox import Kind

WEBHOOK_KINDS = tuple(kind for kind in Kind if kind is not Kind.TEST)
"""What a webhook may be told."""
PEOPLE_KINDS = (
    Kind.ROTATION_FAILED, Kind.ROTATION_WAITING, Kind.ROTATION_DUE, Kind.KEY_USED, Kind.KEY_OLD, Kind.COPY_FAILED,
    Kind.STOPPED,
)  # fmt: skip
"""What people may be told: what they can do something about."""

_SECRET_BYTES = 32
_URL_LENGTH = 2000


class Webhook(Base):
    """An address to which a project's events are posted, signed by the Standard Webhooks rules."""

    __tablename__ = "webhooks"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint("length(secret) > 0", name="secret_not_empty"),
        CheckConstraint("length(old_secret) > 0", name="old_secret_not_empty"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(_URL_LENGTH))
    kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    enabled: Mapped[bool] = mapped_column(default=True)
    allows_private: Mapped[bool] = mapped_column(default=False)
    """Whether an administrator lets it lead to a private, loopback or link-local address."""
    secret: Mapped[bytes]
    """Sealed: what it is signed by, as `whsec_...`."""
    old_secret: Mapped[bytes | None]
    """Sealed: the one before its last rotation."""
    old_until: Mapped[datetime | None]
    """Until when it is signed by the one before too."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    gone_at: Mapped[datetime | None]
    """When the receiver said that it is gone for good (410), which switched the webhook off."""

    def give_secret(self, key: SealingKey) -> str:
        """Give it a first secret, and return that: it is shown once."""
        text = new_webhook_secret()
        self.secret = key.seal(text.encode(), self._place("secret"))
        return text

    def rotate_secret(self, key: SealingKey, overlap: timedelta, now: datetime) -> str:
        """Give it another secret and return it; for `overlap` it is signed by both."""
        before = key.open(self.secret, self._place("secret"))
        self.old_secret, self.old_until = key.seal(before, self._place("old_secret")), now + overlap
        return self.give_secret(key)

    def secrets(self, key: SealingKey, now: datetime) -> list[str]:
        """By what it is signed now, the newest first. Raises crypto.CannotOpenError."""
        sealed = [("secret", self.secret)]
        if self.old_secret is not None and self.old_until is not None and self.old_until > now:
            sealed.append(("old_secret", self.old_secret))
        return [key.open(each, self._place(column)).decode() for column, each in sealed]

    def _place(self, column: str) -> Place:
        return Place("webhooks", self.id, column)


class NoticeAddress(Base):
    """Where people are told: an address by Apprise, such as a mailbox or a channel. Sealed, for it holds a password."""

    __tablename__ = "notice_addresses"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint("length(url) > 0", name="url_not_empty"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    url: Mapped[bytes]
    service: Mapped[str] = mapped_column(String(16))
    """How its URL begins: `mailtos`, `slack`."""
    kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    enabled: Mapped[bool] = mapped_column(default=True)
    allows_private: Mapped[bool] = mapped_column(default=False)
    """Whether an administrator lets it lead to a private, loopback or link-local address."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))

    def set_url(self, key: SealingKey, url: str) -> None:
        """Seal the address for this row."""
        self.url, self.service = key.seal(url.encode(), self._place), url.partition(":")[0].lower()

    def open_url(self, key: SealingKey) -> str:
        """The address. Raises crypto.CannotOpenError."""
        return key.open(self.url, self._place).decode()

    @property
    def _place(self) -> Place:
        return Place("notice_addresses", self.id, "url")


Receiver = Webhook | NoticeAddress


def new_webhook_secret() -> str:
    """A secret of 256 random bits, as the Standard Webhooks rules write it."""
    return "whsec_" + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def webhooks_of(session: Session, project_id: str) -> Sequence[Webhook]:
    """The project's webhooks, by name."""
    return session.scalars(select(Webhook).where(Webhook.project_id == project_id).order_by(Webhook.name)).all()


def addresses_of(session: Session, project_id: str) -> Sequence[NoticeAddress]:
    """The project's addresses, by name."""
    mine = select(NoticeAddress).where(NoticeAddress.project_id == project_id)
    return session.scalars(mine.order_by(NoticeAddress.name)).all()


def webhook_url_problem(text: str) -> str | None:
    """Why events can't be posted to `text`, in a sentence; None when they can. Nothing is looked up."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
        whole = text.isascii() and text.isprintable() and " " not in text and len(text) <= _URL_LENGTH
    except ValueError:
        host, whole = None, False
    if not whole or not host or parts.scheme not in {"https", "http"}:
        return "An address looks like https://example.com/hooks/keyturn."
    if parts.username is not None or parts.password is not None:
        return "Leave out the name and password: the signature proves who sends."
    return "Leave out what follows the #: it isn't sent." if parts.fragment else None
