"""Which copies a change makes due: written in the transaction of the change, so that none is forgotten.

Nothing here imports the tables of what is copied, for those import this.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Update, and_, bindparam, false, or_, select, update
from sqlalchemy.orm import Session

from models.base import Base, UtcDateTime


def hold_copies(session: Session, places: Collection[tuple[int, str]], strategy_id: int | None = None) -> None:
    """Lock all copies that are about to be wanted, where that takes more than one of the functions below.

    `places`: environment ids with paths.
    """
    copies = _table()
    at_places = [and_(copies.c.environment_id == place, copies.c.path == path) for place, path in places]
    of_strategy = false() if strategy_id is None else copies.c.strategy_id == strategy_id
    session.execute(_locked(copies, or_(of_strategy, *at_places)))


def want_place(session: Session, environment_id: int, path: str, now: datetime) -> None:
    """Have what is at a path copied anew to where it is copied. Doesn't commit."""
    session.execute(_of_place(), {"environment": environment_id, "at": path, "now": now})


def want_strategy(session: Session, strategy_id: int, now: datetime) -> None:
    """Have what the strategy writes copied anew to where it is copied. Doesn't commit."""
    session.execute(_of_strategy(), {"strategy": strategy_id, "now": now})


def want_copy(session: Session, copy_id: int, now: datetime, **values: Any) -> None:
    """Have this one copy written anew, wholly, and forget why it failed. Doesn't commit."""
    copies = _table()
    session.execute(_anew(copies, copies.c.id == copy_id).values(**values), {"now": now})


def want_destination(session: Session, destination_id: str, now: datetime, *, moved: bool) -> None:
    """Have all copies at a destination written anew, wholly. Doesn't commit.

    `moved`: it leads elsewhere than before, and there nothing has been made yet.
    """
    copies = _table()
    anew = _anew(copies, copies.c.destination_id == destination_id).values(failing_since=None)
    session.execute(anew.values(made=[]) if moved else anew, {"now": now})


@cache
def _of_place() -> Update:
    copies = _table()
    return _wanted(copies, and_(copies.c.environment_id == bindparam("environment"), copies.c.path == bindparam("at")))


@cache
def _of_strategy() -> Update:
    copies = _table()
    return _wanted(copies, copies.c.strategy_id == bindparam("strategy"))


def _wanted(copies: Table, which: ColumnElement[bool]) -> Update:
    now = bindparam("now", type_=UtcDateTime)
    return update(copies).where(copies.c.id.in_(_locked(copies, which))).values(wanted=copies.c.wanted + 1, next_at=now)


def _locked(copies: Table, which: ColumnElement[bool]) -> Select[int]:
    # By id, as by all: two publications at one path could else wait for each other.
    return select(copies.c.id).where(which).order_by(copies.c.id).with_for_update()


def _anew(copies: Table, which: ColumnElement[bool]) -> Update:
    # A worker that is at it sees by the tries that what it writes down no longer counts.
    return _wanted(copies, which).values(written={}, why="", said="", tries=copies.c.tries + 1)


def _table() -> Table:
    return Base.metadata.tables["copies"]
