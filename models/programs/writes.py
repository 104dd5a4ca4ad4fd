"""What a program asked to write under an idempotency key, and what it was answered: asked again, it is done once.

Kept for a day, with a digest of the request and an answer that holds no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, String, and_, delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base
from models.programs.token import ServiceToken

KEPT = timedelta(days=1)
GIVEN_UP = timedelta(minutes=1)
"""After so long without an answer whoever claimed it is dead: what it was about to write was never committed."""


class TokenWrite(Base):
    """One write of a token's under a key of the program's own choice."""

    __tablename__ = "token_writes"

    token_id: Mapped[int] = mapped_column(ForeignKey("service_tokens.id", ondelete="CASCADE"), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """Of the request, by a key that isn't in the database: it holds what can be guessed."""
    at: Mapped[datetime]
    status: Mapped[int | None]
    """NULL while it is being done."""
    location: Mapped[str] = mapped_column(String(255), default="")
    body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The answer, never with a value."""


@dataclass(frozen=True)
class Claimed:
    """A write that the caller is to do."""

    token_id: int
    key_hash: str
    at: datetime


class Refused(Enum):
    """Why a key can't be used."""

    IN_FLIGHT = auto()
    """Another request does the same at this moment."""
    OTHER_REQUEST = auto()
    """The key was used for another request."""


def claim(
    session: Session, token: ServiceToken, key_hash: str, digest: str, now: datetime
) -> Claimed | TokenWrite | Refused:
    """Claim the token's write under this key, or find that it is done. Doesn't commit."""
    over = or_(TokenWrite.at <= now - KEPT, and_(TokenWrite.status.is_(None), TokenWrite.at <= now - GIVEN_UP))
    session.execute(
        delete(TokenWrite).where(TokenWrite.token_id == token.id, over).execution_options(synchronize_session=False)
    )
    new = TokenWrite(token_id=token.id, key_hash=key_hash, digest=digest, at=now)
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        return _known(session, token.id, key_hash, digest)
    return Claimed(token.id, key_hash, now)


def _known(session: Session, token_id: int, key_hash: str, digest: str) -> TokenWrite | Refused:
    write = session.get(TokenWrite, (token_id, key_hash), populate_existing=True)
    if write is None or (write.digest == digest and write.status is None):
        return Refused.IN_FLIGHT
    return write if write.digest == digest else Refused.OTHER_REQUEST


def settle(session: Session, claimed: Claimed, status: int, location: str, body: dict[str, Any] | None) -> bool:
    """Keep the answer, in the transaction of what was written; False when the claim was given up. Doesn't commit."""
    kept = session.execute(
        update(TokenWrite)
        .where(*_still(claimed))
        .values(status=status, location=location, body=body)
        .execution_options(synchronize_session=False)
    )
    return bool(kept.rowcount)  # type: ignore[attr-defined]


def release(session: Session, claimed: Claimed) -> None:
    """Forget a claim under which nothing was written. Doesn't commit."""
    session.execute(delete(TokenWrite).where(*_still(claimed)).execution_options(synchronize_session=False))


def _still(claimed: Claimed) -> tuple[ColumnElement[bool], ...]:
    return (
        TokenWrite.token_id == claimed.token_id, TokenWrite.key_hash == claimed.key_hash,
        TokenWrite.at == claimed.at, TokenWrite.status.is_(None),
    )  # fmt: skip
