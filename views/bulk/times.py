"""When the keys of many strategies would turn, by a schedule that is being filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from forms.strategy.many import RescheduleMany
from models.schedule import Schedule
from views.bulk.choice import Choice, last_turns
from views.drafts.times import Turns
from views.frame.services import now
from views.frame.times import span


@dataclass
class ManyTimes(Turns):
    """A form with a schedule for all that were chosen."""

    form: RescheduleMany
    choice: Choice
    now: datetime = field(default_factory=now)
    longest_turn: None = None
    """How old a key may get decides for each strategy by itself."""

    @property
    def counted_from(self) -> str:
        """Whose times are shown, where each of the strategies has its own."""
        if self.schedule is None:
            return ""
        if not self._firsts:
            return "All of them are paused: nothing turns by itself until they are resumed."
        if self.schedule.interval is None or self.choice.number == 1:
            return ""
        apart_s = (self._firsts[-1] - self._firsts[0]).total_seconds()
        others = f"the others begin up to {span(apart_s)} later" if apart_s else "all of them begin then"
        return f"Counted from the last rotation of each. These are the times of the first to turn; {others}."

    def first_time(self, _schedule: Schedule) -> datetime | None:
        """That of the one that turns first, if any does."""
        return next(iter(self._firsts), None)

    @cached_property
    def _firsts(self) -> list[datetime]:
        """When each of the strategies that aren't paused turns first, in order."""
        schedule = self.schedule
        if schedule is None:
            return []
        turns = last_turns(self.choice.ids)
        if schedule.interval is None:  # one time for all
            return [schedule.first(self.now, self.now)] if turns else []
        return sorted(schedule.first(last, self.now) for last in turns)
