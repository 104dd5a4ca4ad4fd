"""Letting people in from the terminal: who may run this may read the database anyway."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from config import Config
from crypto.passwords import password_problem
from models import Action
from models.audit import record
from models.people import create_user, find_user, set_password, user_name_problem
from supervisor.prepare import prepare

_ACTOR = "terminal"


def add(config: Config, name: str, password: str, *, email: str, is_admin: bool) -> str | None:
    """Add a person. Returns why that can't be, in a sentence, or None when it is done."""
    name = name.strip().lower()
    engine, _ = prepare(config)
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        problem = user_name_problem(name) or password_problem(password, (name, email))
        if problem:
            return problem
        if find_user(session, name):
            return f"There is a person {name} already; `keyturn user reset-password {name}` gives another password."
        user = create_user(session, name, password, now, email=email, is_admin=is_admin)
        record(session, at=now, actor=_ACTOR, action=Action.USER_CREATE, thing=user.name, is_admin=is_admin)
    return None


def reset_password(config: Config, name: str, password: str) -> str | None:
    """Give a person another password and end their sessions. Returns why that can't be, or None when it is done."""
    engine, _ = prepare(config)
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        user = find_user(session, name)
        if user is None:
            return f"There is no person {name}."
        if problem := password_problem(password, (user.name, user.email)):
            return problem
        set_password(session, user, password, now)
        record(session, at=now, actor=_ACTOR, action=Action.USER_RESET_PASSWORD, thing=user.name)
    return None
