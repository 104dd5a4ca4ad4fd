"""Service tokens: what lets a program in, and to what."""

from __future__ import annotations

import re
import secrets
import string
import zlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, and_, bindparam, or_, select, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, selectinload

from models.base import Base
from models.project import Environment, Project, reaches
from models.strategy import RotationStrategy
from models.user import token_hash

PREFIX = "kt_"
_RANDOM_LENGTH, _CHECKSUM_LENGTH = 40, 6
_DIGITS = string.digits + string.ascii_letters
PATTERN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}")
"""What scanners for secrets look for; the last characters are a checksum, so that they needn't ask anybody."""

TOUCH = timedelta(minutes=1)
"""How exact `used_at` is kept."""


class TokenStrategy(Base):
    """A strategy that a token names, and what it may do with it. It sees how the strategy is."""

    __tablename__ = "token_strategies"

    token_id: Mapped[int] = mapped_column(ForeignKey("service_tokens.id", ondelete="CASCADE"), primary_key=True)
    strategy_id: Mapped[int] = mapped_column(
        ForeignKey("rotation_strategies.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    fetches: Mapped[bool] = mapped_column(default=False)
    """Whether the token fetches the strategy's credentials."""
    rotates: Mapped[bool] = mapped_column(default=False)
    """Whether it starts the strategy's rotations."""

    strategy: Mapped[RotationStrategy] = relationship()


class ServiceToken(Base):
    """A program's token, bound to one environment and path. Only SHA-256 hashes of what it shows are kept."""

    __tablename__ = "service_tokens"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    environment_id: Mapped[int] = mapped_column(ForeignKey("environments.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(String(255))
    subtree: Mapped[bool] = mapped_column(default=True)
    """Whether it reaches what lies below the path too."""
    reads_secrets: Mapped[bool] = mapped_column(default=False)
    """Whether it reads the secrets that it reaches."""
    writes_secrets: Mapped[bool] = mapped_column(default=False)
    """Whether it adds, changes and deletes secrets where it reaches, but for those that a strategy writes."""
    name: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(500), default="")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(12))
    """How it begins: enough to recognise it, too little to use it."""
    old_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """The one before its last rotation."""
    old_until: Mapped[datetime | None]
    """Until when the one before works too."""
    networks: Mapped[list[str]] = mapped_column(JSON, default=list)
    """From where it may be used, as `10.0.0.0/8`; empty: from everywhere."""
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    rotated_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(String(64), default="")
    used_at: Mapped[datetime | None]
    used_from: Mapped[str] = mapped_column(String(45), default="")
    refused_at: Mapped[datetime | None]
    refusals: Mapped[int] = mapped_column(default=0)
    """How often it was refused something, as far as that was counted."""

    project: Mapped[Project] = relationship()
    environment: Mapped[Environment] = relationship()
    named: Mapped[list[TokenStrategy]] = relationship(passive_deletes=True, cascade="all, delete-orphan")
    """What it may do with which strategies."""

    @property
    def place(self) -> str:
        """What it reaches, as pages say it: `production:/billing` and what lies below."""
        return f"{self.environment.name}:{self.path}"

    @property
    def strategies(self) -> list[RotationStrategy]:
        """The strategies whose credentials it fetches, by user name."""
        return sorted((each.strategy for each in self.named if each.fetches), key=lambda one: one.user_name)

    @property
    def rotated(self) -> list[RotationStrategy]:
        """The strategies whose rotations it starts, by user name."""
        return sorted((each.strategy for each in self.named if each.rotates), key=lambda one: one.user_name)

    def holds(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def may_come_from(self, address: str) -> bool:
        """Whether it may be used from this address."""
        if not self.networks:
            return True
        try:
            found = ip_address(address)
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in ip_network(network) for network in self.networks)

    def covers(self, environment_id: int, path: str) -> bool:
        """Whether this place is the token's, or below it where it reaches that far."""
        return environment_id == self.environment_id and reaches(self.path, path, below=self.subtree)


def name_strategies(
    fetched: Collection[RotationStrategy], rotated: Collection[RotationStrategy]
) -> list[TokenStrategy]:
    """The rights of a token that fetches the credentials of the first and starts rotations of the second."""
    both = {each.id: each for each in (*fetched, *rotated)}
    return [
        TokenStrategy(strategy=each, strategy_id=each.id, fetches=each in fetched, rotates=each in rotated)
        for each in both.values()
    ]


def new_service_token() -> str:
    """A token of 238 random bits with its checksum."""
    body = PREFIX + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM_LENGTH))
    return body + _checksum(body)


def is_service_token(text: str) -> bool:
    """Whether the text can be a token of Keyturn's: its checksum is right. Asks nobody."""
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    return PATTERN.fullmatch(text) is not None and secrets.compare_digest(checksum, _checksum(body))


# Asked at each request: to build it anew takes longer than to execute it. The project has the key for what follows.
_OF_TEXT = (
    select(ServiceToken)
    .where(
        or_(
            ServiceToken.token_hash == bindparam("kept"),
            and_(ServiceToken.old_token_hash == bindparam("kept"), ServiceToken.old_until > bindparam("now")),
        )
    )
    .options(joinedload(ServiceToken.project, innerjoin=True))
)


def find_token(session: Session, text: str, now: datetime) -> ServiceToken | None:
    """The token that `text` is, be it revoked or expired. The one before a rotation counts while it overlaps."""
    if not is_service_token(text):
        return None
    return session.scalar(_OF_TEXT, {"kept": token_hash(text), "now": now})


def give(token: ServiceToken) -> str:
    """Let the token be a new text, and return it: it is kept nowhere."""
    text = new_service_token()
    token.token_hash, token.hint = token_hash(text), text[: len(PREFIX) + 4]
    return text


def rotate(token: ServiceToken, overlap: timedelta, now: datetime) -> str:
    """Give the token a new text and return it; the present one works for `overlap` longer."""
    token.old_token_hash, token.old_until = token.token_hash, now + overlap
    token.rotated_at = now
    return give(token)


def touch(session: Session, token_id: int, address: str, now: datetime) -> None:
    """Note that the token was used. Doesn't commit."""
    session.execute(update(ServiceToken).where(ServiceToken.id == token_id).values(used_at=now, used_from=address[:45]))


def count_refusal(session: Session, token_id: int, now: datetime) -> None:
    """Note that the token was refused something. Doesn't commit."""
    session.execute(
        update(ServiceToken)
        .where(ServiceToken.id == token_id)
        .values(refused_at=now, refusals=ServiceToken.refusals + 1)
    )


def tokens_of(session: Session, project_id: str) -> Sequence[ServiceToken]:
    """The project's tokens, those that were revoked last, by name."""
    named = selectinload(ServiceToken.named).joinedload(TokenStrategy.strategy)
    mine = select(ServiceToken).where(ServiceToken.project_id == project_id).options(named)
    return session.scalars(mine.order_by(ServiceToken.revoked_at.is_not(None), ServiceToken.name)).all()


def is_fetched(session: Session, strategy_id: int, now: datetime) -> bool:
    """Whether a token that holds fetches the strategy's credentials."""
    mine = TokenStrategy.strategy_id == strategy_id, TokenStrategy.fetches.is_(True)
    holds = ServiceToken.revoked_at.is_(None), or_(ServiceToken.expires_at.is_(None), ServiceToken.expires_at > now)
    found = select(ServiceToken.id).join(ServiceToken.named).where(*mine, *holds).limit(1)
    return session.scalar(found) is not None


def networks_of(text: str) -> list[str]:
    """The addresses and networks that `text` lists, each as a network. Raises ValueError with a sentence."""
    found = []
    for part in filter(None, re.split(r"[\s,]+", text)):
        try:
            found.append(str(ip_network(part)))
        except ValueError:
            raise ValueError(f"{part} is no address or network. They look like 10.1.2.3 or 10.1.0.0/16.") from None
    return found


def _checksum(body: str) -> str:
    number, found = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        found = _DIGITS[digit] + found
    return found
