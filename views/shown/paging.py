"""The tab with many strategies: a page of it costs as much as what it shows, not as much as there is.

In front stand those that need attention or rotate: few as a rule, found by indexes, their states decided one by one.
The others are counted, sorted and cut into pages by the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Select, bindparam, case, exists, func, literal, or_, select, text, union
from sqlalchemy.orm import Session, aliased

from models import AccessKey, Environment, KeyState, Rotation, RotationStrategy, Secret, State
from models.access_key import NOTICED
from models.copies.copy import failing
from views.shown import facts
from views.shown.listing import Search, Standing, standings
from views.shown.state import Group

_FRONT = {Group.ATTENTION, Group.RUNNING}


@dataclass
class Tab:
    """A project's strategies in the order of the list, as of now. `late`: after that what was due is overdue."""

    session: Session
    project_id: str
    now: datetime
    late: timedelta

    @cached_property
    def front(self) -> list[Standing]:
        """Those that need attention, then those that rotate or wait."""
        ids = self.session.scalars(_noticeable(self.project_id, self.now, self.late)).all()
        found = standings(facts.overview(self.session, self.project_id, ids), self.now, self.late) if ids else []
        return [one for one in found if one.state.group in _FRONT]

    @property
    def attention(self) -> int:
        """How many need a person's attention."""
        return sum(one.state.group is Group.ATTENTION for one in self.front)

    @cached_property
    def total(self) -> int:
        """How many strategies the project has."""
        mine = select(func.count()).where(RotationStrategy.project_id == self.project_id)
        return self.session.scalar(mine) or 0

    def count(self, search: Search) -> int:
        """How many the search finds."""
        rest = self._rest(search)
        behind = 0 if rest is None else self.session.scalar(select(func.count()).select_from(rest.subquery()))
        return len(self._found(search)) + (behind or 0)

    def ids(self, search: Search, start: int = 0, size: int | None = None) -> list[int]:
        """What the search finds, from the one numbered `start` on, at most `size`."""
        first = [one.facts.strategy.id for one in self._found(search)]
        shown = first[start:] if size is None else first[start : start + size]
        rest = self._rest(search)
        if rest is None or len(shown) == size:
            return shown
        due, retry = RotationStrategy.due_at, RotationStrategy.retry_at
        next_at = case((retry.is_(None), due), (due.is_(None), retry), (due < retry, due), else_=retry)
        cut = rest.order_by(next_at.is_(None), next_at, RotationStrategy.user_name, RotationStrategy.id)
        cut = cut.offset(max(start - len(first), 0)).limit(None if size is None else size - len(shown))
        return [*shown, *self.session.scalars(cut)]

    def _found(self, search: Search) -> list[Standing]:
        return [one for one in self.front if search.finds(one)]

    def _rest(self, search: Search) -> Select[int] | None:
        """The ids of those behind the front; None when the search asks for the front only."""
        query = select(RotationStrategy.id).where(RotationStrategy.project_id == self.project_id)
        front = [one.facts.strategy.id for one in self.front]
        if front:
            query = query.where(
                RotationStrategy.id.not_in(bindparam("front", front, expanding=True, literal_execute=True))
            )
        if search.group:
            group = _GROUPS.get(search.group)
            if group is None:
                return None
            query = query.where(group)
        return _matching(query, search)


def _matching(query: Select[int], search: Search) -> Select[int]:
    if not search.text and not search.environment:
        return query
    query = query.outerjoin(Secret, Secret.id == RotationStrategy.access_key_secret_id)
    if search.environment:
        query = query.join(Environment, Environment.id == Secret.environment_id)
        query = query.where(Environment.name == search.environment)
    columns = (RotationStrategy.user_name, Secret.path)
    return query.where(or_(*(column.icontains(search.text, autoescape=True) for column in columns)))


_IS_NEW = ~exists().where(Rotation.strategy_id == RotationStrategy.id) | ~exists().where(
    AccessKey.strategy_id == RotationStrategy.id,
    AccessKey.state == literal(KeyState.ACTIVE.value, literal_execute=True),
)
_IS_PAUSED = RotationStrategy.paused_at.is_not(None)
_GROUPS = {
    Group.PAUSED.value: _IS_PAUSED,
    Group.NEW.value: ~_IS_PAUSED & _IS_NEW,
    Group.OK.value: ~_IS_PAUSED & ~_IS_NEW,
}
"""What tells the groups behind the front apart."""


_NEWER = aliased(Rotation)


def _noticeable(project_id: str, now: datetime, late: timedelta) -> Select[int]:
    """The ids of all that may need attention or may be rotating, each of them found by an index, and perhaps others."""
    was_followed = exists().where(_NEWER.strategy_id == Rotation.strategy_id, _NEWER.id > Rotation.id)
    rotations = select(Rotation.strategy_id).where(Rotation.project_id == project_id)
    failed = Rotation.state == literal(State.FAILED.value, literal_execute=True)
    keys = select(AccessKey.strategy_id).where(AccessKey.project_id == project_id, text(NOTICED))
    mine = select(RotationStrategy.id).where(RotationStrategy.project_id == project_id)
    found = union(
        rotations.where(Rotation.ended_at.is_(None)),
        rotations.where(failed, ~was_followed),
        keys,
        mine.where(RotationStrategy.due_at < now - late),
        mine.where(RotationStrategy.deleting_at.is_not(None)),
        mine.where(RotationStrategy.id.in_(select(failing().subquery().c[0]))),
    ).subquery()
    return select(found.c[0])
