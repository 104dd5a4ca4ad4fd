"""What was handed to programs: of each token and key, until when. A row per token and key, not per request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Row,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from crypto import Place, SealingKey
from models.access_key import AccessKey, KeyState
from models.base import Base, UtcDateTime, add_unless_there
from models.programs.token import TOUCH, ServiceToken
from models.rotation import Rotation
from models.strategy import RotationStrategy


class HandedKey(Base):
    """What a token was last handed of one access key: the key itself, or temporary credentials that it signed for."""

    __tablename__ = "handed_keys"

    token_id: Mapped[int] = mapped_column(ForeignKey("service_tokens.id", ondelete="CASCADE"), primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("access_keys.id", ondelete="CASCADE"), primary_key=True, index=True)
    at: Mapped[datetime]
    until: Mapped[datetime]
    """The last Expiration that the program was told."""
    as_session: Mapped[bool]


class SharedSession(Base):
    """The temporary credentials of one strategy, which its readers share; sealed. Without them until first fetched."""

    __tablename__ = "shared_sessions"
    __table_args__ = (CheckConstraint("length(credentials) > 0", name="credentials_not_empty"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    strategy_id: Mapped[int] = mapped_column(ForeignKey("rotation_strategies.id", ondelete="CASCADE"), unique=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    key_id: Mapped[str | None] = mapped_column(ForeignKey("access_keys.id", ondelete="CASCADE"))
    """The access key that signed for them."""
    credentials: Mapped[bytes | None]
    """Sealed JSON of the three parts."""
    fetched_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    renew_at: Mapped[datetime] = mapped_column(index=True)
    """When a worker fetches the next ones."""
    fetches: Mapped[int] = mapped_column(default=0)
    """How often a worker took it up: tells the queue's jobs for it apart."""
    error_code: Mapped[str] = mapped_column(String(32), default="")
    """Why the last fetch failed: a code of rotation.failures."""

    @property
    def _place(self) -> Place:
        return Place("shared_sessions", self.id, "credentials")

    def sealed(self, key: SealingKey, text: str) -> bytes:
        """These credentials, sealed for this row."""
        return key.seal(text.encode(), self._place)

    def open(self, key: SealingKey) -> str:
        """The credentials. Raises crypto.CannotOpenError; ValueError where there are none."""
        if self.credentials is None:
            raise ValueError("nothing was fetched yet")
        return key.open(self.credentials, self._place).decode()


def hold_key(session: Session, key_id: str, until: datetime, *, replaced: bool = False) -> bool:
    """Keep the published key from ending by rule before `until`; False when it isn't the published one by now.

    With `replaced` also an old one that isn't being ended: for what it signed for. Whoever publishes a successor, or
    ends the key, waits for this transaction: what it told a program is kept. Doesn't commit.
    """
    states = [KeyState.ACTIVE.value, *([KeyState.RETIRING.value] if replaced else [])]
    mine = AccessKey.id == key_id, AccessKey.state.in_(states), AccessKey.leaked_at.is_(None), AccessKey.ended_by == ""
    latest = case((AccessKey.held_until > until, AccessKey.held_until), else_=literal(until, UtcDateTime))
    held = session.execute(
        update(AccessKey).where(*mine).values(held_until=latest).execution_options(synchronize_session=False)
    )
    return bool(held.rowcount)  # type: ignore[attr-defined]


def note_handed(
    session: Session, token_id: int, key_id: str, now: datetime, until: datetime, *, as_session: bool
) -> None:
    """Write down what the token was told of the key, in place of what it was told before. Doesn't commit."""
    values = {"at": now, "until": until, "as_session": as_session}
    mine = HandedKey.token_id == token_id, HandedKey.key_id == key_id
    known = session.execute(
        update(HandedKey).where(*mine).values(**values).execution_options(synchronize_session=False)
    )
    if not known.rowcount:  # type: ignore[attr-defined]
        # Unless another request of the program's was told the same at this moment.
        add_unless_there(session, HandedKey(token_id=token_id, key_id=key_id, **values))


# Asked at each read of a pair: to build it anew takes longer than to execute it.
_UNNOTED = (
    select(AccessKey.id)
    .join(Rotation, Rotation.access_key_id == AccessKey.id)
    .outerjoin(
        HandedKey, and_(HandedKey.key_id == Rotation.access_key_id, HandedKey.token_id == bindparam("token"))
    )
    .where(
        Rotation.id.in_(bindparam("rotations", expanding=True)),
        or_(HandedKey.at.is_(None), HandedKey.at <= bindparam("long_ago")),
    )
)  # fmt: skip


def unnoted_reads(session: Session, token_id: int, rotation_ids: Collection[int], now: datetime) -> list[str]:
    """The keys that these rotations published and that the token wasn't noted to have read within the last minute."""
    asked = {"token": token_id, "rotations": list(rotation_ids), "long_ago": now - TOUCH}
    return list(session.scalars(_UNNOTED, asked))


def note_read(session: Session, token_id: int, key_id: str, now: datetime) -> None:
    """Write down that the token read a secret's value of this key. Doesn't commit.

    Nothing is promised by it, and nothing that was promised is forgotten: who reads secrets is told of no end.
    """
    mine = HandedKey.token_id == token_id, HandedKey.key_id == key_id
    known = session.execute(update(HandedKey).where(*mine).values(at=now).execution_options(synchronize_session=False))
    if not known.rowcount:  # type: ignore[attr-defined]
        # Unless another request of the program's was told the same at this moment.
        add_unless_there(session, HandedKey(token_id=token_id, key_id=key_id, at=now, until=now, as_session=False))


def readers_of(session: Session, strategy_id: int, now: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    """Who was handed which of the strategy's keys last, and who still has an earlier one: (HandedKey, token, key)."""
    rows = session.execute(
        select(HandedKey, ServiceToken, AccessKey)
        .join(ServiceToken, ServiceToken.id == HandedKey.token_id)
        .join(AccessKey, AccessKey.id == HandedKey.key_id)
        .where(AccessKey.strategy_id == strategy_id)
        .order_by(HandedKey.at.desc(), HandedKey.key_id)
    ).all()
    seen: set[int] = set()
    shown = []
    for row in rows:
        if row.HandedKey.token_id not in seen or row.HandedKey.until > now:
            shown.append(row)
        seen.add(row.HandedKey.token_id)
    return shown


def last_reads(session: Session, project_id: str) -> dict[int, list[tuple[RotationStrategy, datetime]]]:
    """By token of the project, of which strategies it was handed or read a key, and when last; the newest first."""
    last = func.max(HandedKey.at, type_=UtcDateTime)
    rows = session.execute(
        select(HandedKey.token_id, AccessKey.strategy_id, last.label("at"))
        .join(AccessKey, AccessKey.id == HandedKey.key_id)
        .where(AccessKey.project_id == project_id)
        .group_by(HandedKey.token_id, AccessKey.strategy_id)
        .order_by(last.desc())
    ).all()
    mine = select(RotationStrategy).where(RotationStrategy.id.in_({row.strategy_id for row in rows}))
    strategies = {each.id: each for each in session.scalars(mine)} if rows else {}
    found: dict[int, list[tuple[RotationStrategy, datetime]]] = {}
    for row in rows:
        found.setdefault(row.token_id, []).append((strategies[row.strategy_id], row.at))
    return found
