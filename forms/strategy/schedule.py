"""The fields of when a key turns and when the old one ends."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property

from wtforms import Field

from forms import lengths
from forms.base import refuse
from forms.strategy.ends import EndFields
from rotation.when.schedule import shortest_interval


class ScheduleFields(EndFields):
    """When the key turns and how the old one ends, which have to fit together."""

    def validate_interval(self, field: Field) -> None:
        """Long enough for the old key to retire before its successor turns."""
        self._refuse_turning(field)

    def validate_at(self, field: Field) -> None:
        """A time of day, on days that leave the old key its time."""
        self._refuse_turning(field)

    def validate_cron(self, field: Field) -> None:
        """Five fields, and times that leave the old key its time."""
        self._refuse_turning(field)

    @cached_property
    def shortest_s(self) -> int:
        """What the old key needs, in seconds. Raises ValueError."""
        return int(shortest_interval(self.ends).total_seconds())

    def turning_problem(self) -> str | None:
        """Why the key can't turn then, with the shortest interval that can; None when it can."""
        problem = self.chosen_problem()
        if problem or self.repeat.data == "button" or self.ends_problem:
            return problem
        try:
            schedule = self.schedule
        except ValueError:
            return None
        if schedule is None or schedule.shortest_pause(datetime.now(UTC)).total_seconds() >= self.shortest_s:
            return None
        needs = (
            f"Too short: {self._old_key_needs()} the old key needs {lengths.spell(self.shortest_s)}, and IAM allows "
            "two keys."
        )
        if schedule.interval is None or schedule.window:
            pause_s = int(schedule.shortest_pause(datetime.now(UTC)).total_seconds())
            return f"{needs} Two of these times are only {lengths.spell(pause_s)} apart."
        unit = self.interval_unit.data
        number = lengths.least(self.shortest_s, unit)
        return f"{needs} The shortest interval is {number} {unit if number > 1 else unit.removesuffix('s')}."

    def _old_key_needs(self) -> str:
        parts = ["grace period", *(["quiet time"] if self.waits_for_quiet else [])]
        parts += ["watch"] if self.waits_for_quiet and self.ends.watch_s else []
        return f"with this {', '.join(parts[:-1])} and {parts[-1]}" if parts[1:] else f"with this {parts[0]}"

    def _refuse_turning(self, field: Field) -> None:
        if self.turning_field is field:
            refuse(self.turning_problem())
