"""Which strategies were chosen, and what is to be done to which of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import abort, request
from sqlalchemy import ColumnElement, Row, func, select

from database import db
from models import AccessKey, Deed, KeyState, Project, Rotation, RotationStrategy
from models.access_key import is_current
from models.strategy import Ends, RetireWhen
from rotation.when.schedule import shortest_interval
from views.fetch_rotation import sane_id
from views.shown.listing import Search
from views.shown.values import tab

_AT_ONCE = 5_000
"""So many values a statement takes on each database."""


@dataclass(frozen=True)
class Choice:
    """What a person chose: `chosen` by their boxes, or all that the search finds; `ids` of them can be done."""

    deed: Deed
    is_all: bool
    search: Search
    chosen: list[int]
    ids: list[int]
    needs: list[timedelta]
    """For each of `ids`, how long its old key needs before the next turn."""

    @property
    def number(self) -> int:
        """To how many it is done."""
        return len(self.ids)

    @property
    def left_out(self) -> int:
        """How many were chosen in vain."""
        return len(self.chosen) - len(self.ids)


def choice_of(project: Project) -> Choice:
    """The request's choice; 400 when it names no deed."""
    name = request.values.get("deed", "")
    deed = Deed(name) if name in set(Deed) else abort(400)
    search, is_all = Search.of(request.values), "all" in request.values
    chosen = tab(project).ids(search) if is_all else _ticked()
    rows = [row for row in _rows(project, chosen) if _fits(deed, row)]
    needs = [
        shortest_interval(Ends(RetireWhen(row.retire_when), row.grace_s, row.quiet_s, row.deadline_s, row.watch_s))
        for row in rows
    ]
    return Choice(deed, is_all, search, chosen, [row.id for row in rows], needs)


def _ends(row: Any) -> Ends:
    return Ends(RetireWhen(row.retire_when), row.grace_s, row.quiet_s, row.deadline_s, row.watch_s)


def count_old_keys(ids: list[int]) -> int:
    """How many of the strategies still have their old key, so that a rotation waits."""
    old = [KeyState.RETIRING.value, KeyState.DEACTIVATED.value]
    return len(_asked(select(AccessKey.strategy_id).where(AccessKey.state.in_(old)), AccessKey.strategy_id, ids))


def count_running(ids: list[int]) -> int:
    """How many of the strategies rotate already."""
    return len(_asked(select(Rotation.strategy_id).where(Rotation.ended_at.is_(None)), Rotation.strategy_id, ids))


def last_turns(ids: list[int]) -> list[datetime]:
    """When each of those that aren't paused was turned last, or made where it never was."""
    last = func.coalesce(AccessKey.published_at, RotationStrategy.created_at)
    found = select(last).select_from(RotationStrategy).outerjoin(AccessKey, is_current(RotationStrategy.id))
    rows = _asked(found.where(RotationStrategy.paused_at.is_(None)), RotationStrategy.id, ids)
    return [row[0] for row in rows]


def _ticked() -> list[int]:
    found = request.values.getlist("chosen", type=int)
    return list(dict.fromkeys(sane_id(each) for each in found))


def _rows(project: Project, ids: list[int]) -> list[Row[Any]]:
    """Of these strategies, those of the project that aren't being deleted."""
    columns = (
        RotationStrategy.id, RotationStrategy.interval_s, RotationStrategy.cron, RotationStrategy.due_at,
        RotationStrategy.paused_at, RotationStrategy.grace_s, RotationStrategy.quiet_s, RotationStrategy.deadline_s,
        RotationStrategy.watch_s, RotationStrategy.retire_when,
    )  # fmt: skip
    mine = select(*columns).where(RotationStrategy.project_id == project.id, RotationStrategy.deleting_at.is_(None))
    return _asked(mine, RotationStrategy.id, ids)


def _asked(query: Any, column: ColumnElement[int] | Any, ids: list[int]) -> list[Row[Any]]:
    pieces = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
    return [row for piece in pieces for row in db.session.execute(query.where(column.in_(piece)))]


def _fits(deed: Deed, row: Row[Any]) -> bool:
    """Whether the deed changes anything of such a strategy."""
    if deed is Deed.RESUME:
        return row.paused_at is not None
    if deed is Deed.PAUSE:
        return bool(row.interval_s or row.cron or row.due_at or row.paused_at)
    return True
