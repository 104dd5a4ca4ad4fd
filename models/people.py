"""People: their names, passwords and projects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crypto.passwords import hash_password, is_outdated, password_fits
from models.project import Project, ProjectMember
from models.user import User, UserSession, end_sessions

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


def user_name_problem(name: str) -> str | None:
    """Why `name` can't name a person, in a sentence; None when it can."""
    if _NAME.fullmatch(name):
        return None
    return "Use 1 to 64 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends."


def find_user(session: Session, name: str) -> User | None:
    """The person of this name, in whatever case it is typed."""
    return session.scalar(select(User).where(User.name == name.strip().lower()))


def anyone_exists(session: Session) -> bool:
    """Whether the installation was set up: it has a user."""
    return session.scalar(select(User.id).limit(1)) is not None


def create_user(
    session: Session,
    name: str,
    password: str,
    now: datetime,
    *,
    email: str = "",
    is_admin: bool = False,
    time_zone: str = "UTC",
    project_ids: tuple[str, ...] = (),
) -> User:
    """Add a person who may enter these projects.

    The name must be right and free, the password strong (`user_name_problem`, `crypto.passwords.password_problem`).
    """
    user = User(
        name=name,
        password_hash=hash_password(password),
        email=email,
        is_admin=is_admin,
        time_zone=time_zone,
        created_at=now,
    )
    session.add(user)
    session.flush()
    set_projects(session, user, project_ids)
    return user


def set_projects(session: Session, user: User, project_ids: tuple[str, ...]) -> None:
    """Make these the projects that the person may enter. Ids of projects that are gone are passed over."""
    there = set(session.scalars(select(Project.id).where(Project.id.in_(project_ids))))
    members = session.scalars(select(ProjectMember).where(ProjectMember.user_id == user.id)).all()
    for member in members:
        if member.project_id not in there:
            session.delete(member)
    for project_id in there - {member.project_id for member in members}:
        session.add(ProjectMember(project_id=project_id, user_id=user.id))


def check_password(user: User | None, password: str) -> bool:
    """Whether the password is the person's; makes an outdated hash anew.

    For nobody the answer takes as long as for somebody, so that its time doesn't tell who exists.
    """
    if user is None:
        password_fits(password, _nobodys_hash())
        return False
    if not password_fits(password, user.password_hash):
        return False
    if is_outdated(user.password_hash):
        user.password_hash = hash_password(password)
    return True


@cache
def _nobodys_hash() -> str:
    return hash_password("nobody has this password")


def set_password(
    session: Session, user: User, password: str, now: datetime, *, keep: UserSession | None = None
) -> None:
    """Give the person another password and end all their sessions, but for the one to `keep`."""
    user.password_hash = hash_password(password)
    end_sessions(session, user, now, but=keep)
    if keep:
        keep.password_at = now


@dataclass(frozen=True)
class Person:
    """A user as the administrators' list shows them."""

    user: User
    projects: list[str]
    seen_at: datetime | None


def list_people(session: Session) -> list[Person]:
    """Everybody, by name, with the names of the projects that they may enter. Three queries for any number."""
    projects: dict[int, list[str]] = {}
    memberships = select(ProjectMember.user_id, Project.name).join(Project, Project.id == ProjectMember.project_id)
    for user_id, name in session.execute(memberships.order_by(Project.name)):
        projects.setdefault(user_id, []).append(name)
    latest = select(UserSession.user_id, func.max(UserSession.seen_at)).group_by(UserSession.user_id)
    seen = {user_id: at for user_id, at in session.execute(latest)}  # noqa: C416 - mypy knows no dict() of rows
    users = session.scalars(select(User).order_by(User.name))
    return [Person(user, projects.get(user.id, []), seen.get(user.id)) for user in users]


def is_last_administrator(session: Session, user: User) -> bool:
    """Whether nobody else could administer Keyturn without this person."""
    others = select(User.id).where(User.is_admin, User.disabled_at.is_(None), User.id != user.id)
    return user.is_admin and session.scalar(others.limit(1)) is None


def project_ids(session: Session, user: User) -> list[str]:
    """The ids of the projects that the person was given; administrators enter the others as well."""
    return list(session.scalars(select(ProjectMember.project_id).where(ProjectMember.user_id == user.id)))
