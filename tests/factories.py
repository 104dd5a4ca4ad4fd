"""Things for tests, with what they need made around them. Each is committed and returned."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from crypto import Keyring
from models.people import create_user
from models.project import Project, create_project
from models.user import User
from tests.fake_clock import START


def user(
    session: Session, name: str, password: str = "", *, is_admin: bool = False, projects: Iterable[Project] = ()
) -> User:
    """A person who may enter these projects."""
    made = create_user(
        session,
        name,
        password or f"the password of {name}",
        START,
        email=f"{name}@example.com",
        is_admin=is_admin,
        project_ids=tuple(project.id for project in projects),
    )
    session.commit()
    return made


def project(session: Session, keyring: Keyring, name: str = "payments") -> Project:
    """A project with the default environments."""
    made = create_project(session, keyring, name, START)
    session.commit()
    return made
