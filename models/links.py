"""One-time links: for set-up, invitation and reset."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.user import OneTimeLink, User, new_token, token_hash


class LinkKind(StrEnum):
    """What a one-time link lets its holder do."""

    SETUP = "setup"
    INVITE = "invite"
    RESET = "reset"


LINK_LIMITS = {
    LinkKind.SETUP: timedelta(days=1),
    LinkKind.INVITE: timedelta(days=7),
    LinkKind.RESET: timedelta(days=1),
}


def make_link(
    session: Session,
    kind: LinkKind,
    now: datetime,
    *,
    by: User | None = None,
    user: User | None = None,
    email: str = "",
    is_admin: bool = False,
    project_ids: tuple[str, ...] = (),
) -> str:
    """Make a one-time link and return its token, which is kept nowhere.

    An earlier set-up link, or reset link of the same person, works no longer.
    """
    if kind is not LinkKind.INVITE:
        earlier = update(OneTimeLink).where(OneTimeLink.kind == kind.value, OneTimeLink.used_at.is_(None))
        session.execute(earlier.where(OneTimeLink.user_id == (user.id if user else None)).values(used_at=now))
    token, kept = new_token()
    session.add(
        OneTimeLink(
            kind=kind.value,
            token_hash=kept,
            created_at=now,
            expires_at=now + LINK_LIMITS[kind],
            created_by_id=by.id if by else None,
            user_id=user.id if user else None,
            email=email,
            is_admin=is_admin,
            project_ids=list(project_ids),
        )
    )
    return token


def find_link(session: Session, kind: LinkKind, token: str, now: datetime) -> OneTimeLink | None:
    """The link of this token, if it wasn't used and hasn't run out."""
    return session.scalar(
        select(OneTimeLink).where(
            OneTimeLink.kind == kind.value,
            OneTimeLink.token_hash == token_hash(token),
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
    )


def use_link(session: Session, link: OneTimeLink, now: datetime) -> bool:
    """Use the link up; False when another request was first. Decides at the commit of this transaction."""
    used = session.execute(
        update(OneTimeLink).where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None)).values(used_at=now)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


def void_links_of(session: Session, maker: User, now: datetime) -> None:
    """Make worthless what `maker` made and nobody has used: who loses their rights doesn't come back by a link."""
    made = update(OneTimeLink).where(OneTimeLink.created_by_id == maker.id, OneTimeLink.used_at.is_(None))
    session.execute(made.values(used_at=now))


def open_invitations(session: Session, now: datetime) -> list[OneTimeLink]:
    """The invitations that nobody has accepted yet and that still hold, the newest first."""
    rows = session.scalars(
        select(OneTimeLink)
        .where(OneTimeLink.kind == LinkKind.INVITE.value, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
        .order_by(OneTimeLink.id.desc())
    )
    return list(rows)


def find_invitation(session: Session, link_id: int, now: datetime) -> OneTimeLink | None:
    """The invitation of this id, if it is still open."""
    return next((link for link in open_invitations(session, now) if link.id == link_id), None)
