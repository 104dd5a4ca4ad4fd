"""People, their sessions and the one-time links that let them in: the tables, and the rules of sessions.

More about people is in models/people.py, about links in models/links.py.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import JSON, ColumnElement, ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from models.base import Base


class User(Base):
    """A person. `password_hash` is Argon2id's own format."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    """In lower case: two people can't differ in case only."""
    email: Mapped[str] = mapped_column(String(254), default="")
    password_hash: Mapped[str] = mapped_column(String(255))
    is_admin: Mapped[bool] = mapped_column(default=False)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    theme: Mapped[str] = mapped_column(String(5), default="")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    sessions: Mapped[list[UserSession]] = relationship(back_populates="user", passive_deletes=True)

    is_authenticated = True
    """What Flask-Login asks of a person who is signed in."""


class UserSession(Base):
    """One signed-in browser. The cookie holds a random token, this row its SHA-256: ending the row ends the session."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    password_at: Mapped[datetime]
    """When the password was last given in this session."""
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(45), default="")
    browser: Mapped[str] = mapped_column(String(255), default="")

    user: Mapped[User] = relationship(back_populates="sessions")


class OneTimeLink(Base):
    """A link that works once and for a while: `kind` is `setup`, `invite` or `reset`.

    Only the token's SHA-256 is kept.
    """

    __tablename__ = "one_time_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Whose password a `reset` sets."""
    email: Mapped[str] = mapped_column(String(254), default="")
    is_admin: Mapped[bool] = mapped_column(default=False)
    project_ids: Mapped[list[str]] = mapped_column(JSON, default=list)
    """The projects that an `invite` opens."""


SESSION_LIMIT = timedelta(days=7)
"""How long a session may last at most."""
SESSION_IDLE_LIMIT = timedelta(hours=12)
SESSION_TOUCH = timedelta(minutes=1)
"""How exact `seen_at` is kept."""


def new_token() -> tuple[str, str]:
    """A token of 256 random bits for a cookie or a link, and the hash of it that the database keeps."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> str:
    """The SHA-256 by which a token is found; the token is random, so that no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def start_session(session: Session, user: User, now: datetime, *, address: str, browser: str) -> str:
    """Record a newly signed-in browser and return the token for its cookie. Commits nothing."""
    token, kept = new_token()
    session.add(
        UserSession(
            user_id=user.id,
            token_hash=kept,
            created_at=now,
            seen_at=now,
            password_at=now,
            address=address,
            browser=browser[:255],
        )
    )
    return token


def find_session(session: Session, token: str, now: datetime) -> UserSession | None:
    """The session of this token and its user, if it still holds and the user isn't disabled."""
    return session.scalar(
        select(UserSession)
        .join(UserSession.user)
        .options(contains_eager(UserSession.user))
        .where(UserSession.token_hash == token_hash(token), User.disabled_at.is_(None), *_alive(now))
    )


def live_sessions(session: Session, user: User, now: datetime) -> list[UserSession]:
    """The person's sessions that hold, the one used last first."""
    rows = session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user.id, *_alive(now))
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
    )
    return list(rows)


def touch_session(session: Session, session_id: int, now: datetime) -> None:
    """Record that the session was used now, so that its idle time starts anew."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(seen_at=now))


def end_sessions(session: Session, user: User, now: datetime, *, but: UserSession | None = None) -> int:
    """End the person's sessions, all or all `but` one, and return how many. They hold no longer from the commit on."""
    kept = but.id if but else None
    ended = [row for row in live_sessions(session, user, now) if row.id != kept]
    for row in ended:
        row.ended_at = now
    return len(ended)


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        UserSession.ended_at.is_(None),
        UserSession.created_at > now - SESSION_LIMIT,
        UserSession.seen_at > now - SESSION_IDLE_LIMIT,
    )
