"""When the key of a strategy that is being filled in turns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, Generic, TypeVar

from database import db
from forms.strategy.schedule import ScheduleFields
from models import Project, RotationStrategy
from models.schedule import Schedule
from rotation.setup.checks import Report
from rotation.when.planning import longest_turn, published_at
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
        return [] if schedule is None or first is None else [first, *islice(schedule.times(first), PREVIEWED - 1)]

    @abstractmethod
    def first_time(self, schedule: Schedule) -> datetime | None:
        """The first of them; None while nothing turns by itself."""


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
        return schedule.first(published_at(db.session(), strategy.id) or strategy.created_at, self.now)
