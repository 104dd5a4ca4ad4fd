"""When the key of a strategy that is being filled in turns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar

from database import db
from forms.strategy.schedule import ScheduleFields
from models import Project, RotationStrategy
from models.schedule import Schedule
from rotation.setup.checks import Report
from rotation.when.planning import born_at, longest_turn, published_at
from rotation.when.schedule import not_later
from views.frame.services import now

PREVIEWED = 5
"""So many times are shown."""

F = TypeVar("F", bound=ScheduleFields)


class Turns(ABC):
    """What the part of a form with a schedule shows: when keys turn by it, as far as it is filled in rightly."""

    form: Any

    @cached_property
    def schedule(self) -> Schedule | None:
        """When the key turns by itself, as far as the form is right; None when only the button rotates."""
        try:
            return None if self.form.turning_problem() else self.form.schedule
        except ValueError:
            return None

    def next_times(self) -> list[datetime]:
        """The next five times of the schedule, if it has any and is right."""
        schedule = self.schedule
        first = None if schedule is None else self.first_time(schedule)
        if schedule is None or first is None:
            return []
        times = [first]
        while len(times) < PREVIEWED:
            times.append(self.time_after(times[-1], schedule))
        return times

    @abstractmethod
    def first_time(self, schedule: Schedule) -> datetime | None:
        """The first of them; None while nothing turns by itself."""

    def time_after(self, turned_at: datetime, schedule: Schedule) -> datetime:
        """When a key that turns then turns next."""
        return next(schedule.times(turned_at))


@dataclass
class Times(Turns, Generic[F]):
    """A form with a schedule, of a new strategy or of `strategy`; `report` is what its last check found."""

    project: Project
    strategy: RotationStrategy | None
    form: F
    report: Report | None = None
    now: datetime = field(default_factory=now)

    @cached_property
    def longest_turn(self) -> timedelta | None:
        """How old a key may get before it turns, by the project's maximum age; None without one or while unclear."""
        form, max_age_s = self.form, self.project.max_key_age_s
        if max_age_s is None or form.ends_problem:
            return None
        return longest_turn(max_age_s, form.ends)

    @property
    def counted_from(self) -> str:
        """What one has to know of the next times, in a sentence; empty where they are the strategy's own."""
        return ""

    def first_time(self, schedule: Schedule) -> datetime | None:
        """Counted from when the strategy's key was turned last; None while it is paused."""
        strategy = self.strategy
        if strategy is None:
            return schedule.first(self.now, self.now)
        if strategy.paused_at is not None:
            return None
        before = strategy.schedule
        if before is not None and replace(before, offset=timedelta()) == schedule and strategy.due_at is not None:
            return strategy.due_at
        planned = schedule.first(published_at(db.session(), strategy.id) or strategy.created_at, self.now)
        born = born_at(db.session(), strategy.id)
        return planned if born is None else self._in_time(planned, born, schedule)

    def time_after(self, turned_at: datetime, schedule: Schedule) -> datetime:
        """By the schedule, or earlier where the project's maximum age demands it."""
        return self._in_time(super().time_after(turned_at, schedule), turned_at, schedule)

    def _in_time(self, planned: datetime, born: datetime, schedule: Schedule) -> datetime:
        longest = self.longest_turn
        if longest is None or longest <= timedelta():  # no time is early enough, which the form says
            return planned
        return not_later(planned, born + longest, schedule, self.now) or planned
