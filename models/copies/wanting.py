"""Which copies a change makes due: written in the transaction of the change, so that none is forgotten.

Nothing here imports the tables of what is copied, for those import this.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table, Update, and_, bindparam, select, update
from sqlalchemy.orm import Session

from models.base import Base, UtcDateTime

_ANEW: dict[str, Any] = {"written": {}, "why": "", "said": ""}


def want_place(session: Session, environment_id: int, path: str, now: datetime) -> None:
    """Have what is at a path copied anew to where it is copied. Doesn't commit."""
    session.execute(_of_place(), {"environment": environment_id, "at": path, "now": now})


def want_strategy(session: Session, strategy_id: int, now: datetime) -> None:
    """Have what the strategy writes copied anew to where it is copied. Doesn't commit."""
    session.execute(_of_strategy(), {"strategy": strategy_id, "now": now})


def want_copy(session: Session, copy_id: int, now: datetime, **values: Any) -> None:
    """Have this one copy written anew, wholly, and forget why it failed. Doesn't commit."""
    copies = _table()
    session.execute(_wanted(copies, copies.c.id == copy_id).values(**_ANEW, **values), {"now": now})


def want_destination(session: Session, destination_id: str, now: datetime) -> None:
    """The same for all copies at a destination."""
    copies = _table()
    anew = _wanted(copies, copies.c.destination_id == destination_id).values(**_ANEW)
    session.execute(anew, {"now": now})


@cache
def _of_place() -> Update:
    copies = _table()
    return _wanted(copies, and_(copies.c.environment_id == bindparam("environment"), copies.c.path == bindparam("at")))


@cache
def _of_strategy() -> Update:
    copies = _table()
    return _wanted(copies, copies.c.strategy_id == bindparam("strategy"))


def _wanted(copies: Table, which: ColumnElement[bool]) -> Update:
    # Locked by id, as by all: two publications at one path could else wait for each other.
    ids = select(copies.c.id).where(which).order_by(copies.c.id).with_for_update()
    now = bindparam("now", type_=UtcDateTime)
    return update(copies).where(copies.c.id.in_(ids)).values(wanted=copies.c.wanted + 1, next_at=now)


def _table() -> Table:
    return Base.metadata.tables["copies"]
