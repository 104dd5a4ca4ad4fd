"""The fields of when a key turns and when the old one ends."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property

from wtforms import Field, RadioField, SelectChoice, SelectField, StringField

from forms import lengths
from forms.base import refuse, stripped
from forms.strategy.when import UNITS, WhenFields
from models import RetireWhen
from rotation.schedule import shortest_interval


class ScheduleFields(WhenFields):
    """When the key turns, grace period and quiet time. `shortest_quiet_s`: no quiet time may be shorter."""

    shortest_quiet_s = 0

    grace = StringField("Grace period", filters=[stripped], default="24")
    grace_unit = SelectField("Unit of the grace period", choices=UNITS, default="hours")
    retire_when = RadioField(
        "What ends the old key",
        choices=[SelectChoice(each.value) for each in RetireWhen],
        default=RetireWhen.QUIET.value,
    )
    quiet = StringField("Quiet time", filters=[stripped], default="24")
    quiet_unit = SelectField("Unit of the quiet time", choices=UNITS, default="hours")

    @property
    def grace_s(self) -> int:
        """The grace period. Raises ValueError."""
        return self._length_s("grace")

    @property
    def quiet_s(self) -> int:
        """The quiet time; where it plays no part, a day. Raises ValueError."""
        return self._length_s("quiet") if self.waits_for_quiet else max(self.shortest_quiet_s, lengths.UNITS["days"])

    @property
    def ends(self) -> RetireWhen:
        """What ends the old key."""
        return RetireWhen.QUIET if self.waits_for_quiet else RetireWhen.DEADLINE

    @property
    def waits_for_quiet(self) -> bool:
        """Whether an old key lives until it is quiet, and not just until its deadline."""
        return bool(self.retire_when.data == RetireWhen.QUIET.value)

    def show_lengths(self, grace_s: int, quiet_s: int) -> None:
        """Fill the grace period and the quiet time in."""
        self.grace.data, self.grace_unit.data = lengths.split(grace_s, "days" if grace_s > _TWO_DAYS_S else "hours")
        self.quiet.data, self.quiet_unit.data = lengths.split(quiet_s, "days" if quiet_s > _TWO_DAYS_S else "hours")

    def validate_interval(self, field: Field) -> None:
        """Long enough for the old key to retire before its successor turns."""
        self._refuse_turning(field)

    def validate_at(self, field: Field) -> None:
        """A time of day, on days that leave the old key its time."""
        self._refuse_turning(field)

    def validate_cron(self, field: Field) -> None:
        """Five fields, and times that leave the old key its time."""
        self._refuse_turning(field)

    def validate_grace(self, _field: Field) -> None:
        """A length."""
        refuse(self.grace_problem())

    def validate_quiet(self, _field: Field) -> None:
        """A length, no shorter than AWS's report of a use may be late."""
        refuse(self.quiet_problem())

    @property
    def turning_field(self) -> Field:
        """The field that says when the key turns."""
        return self[{"daily": "at", "cron": "cron"}.get(self.repeat.data, "interval")]

    @cached_property
    def shortest_s(self) -> int:
        """What the old key needs, in seconds. Raises ValueError."""
        return int(shortest_interval(self.grace_s, self.quiet_s, self.ends).total_seconds())

    def turning_problem(self) -> str | None:
        """Why the key can't turn then, with the shortest interval that can; None when it can."""
        problem = self.chosen_problem()
        if problem or self.repeat.data == "button" or self.grace_problem() or self.quiet_problem():
            return problem
        try:
            schedule = self.schedule
        except ValueError:
            return None
        if schedule is None or schedule.shortest_pause(datetime.now(UTC)).total_seconds() >= self.shortest_s:
            return None
        needs = (
            f"Too short: with this grace period and quiet time the old key needs {lengths.spell(self.shortest_s)}, and "
            "IAM allows two keys."
        )
        if schedule.interval is None or schedule.window:
            pause_s = int(schedule.shortest_pause(datetime.now(UTC)).total_seconds())
            return f"{needs} Two of these times are only {lengths.spell(pause_s)} apart."
        unit = self.interval_unit.data
        number = lengths.least(self.shortest_s, unit)
        return f"{needs} The shortest interval is {number} {unit if number > 1 else unit.removesuffix('s')}."

    def _refuse_turning(self, field: Field) -> None:
        if self.turning_field is field:
            refuse(self.turning_problem())

    def grace_problem(self) -> str | None:
        """Why the grace period can't be; None when it can."""
        return self._length_problem("grace")

    def quiet_problem(self) -> str | None:
        """Why the quiet time can't be; None when it can, or plays no part."""
        if not self.waits_for_quiet:
            return None
        problem = self._length_problem("quiet")
        if problem is None and self.quiet_s < self.shortest_quiet_s:
            return (
                f"Too short: AWS reports uses late. The shortest quiet time is {lengths.spell(self.shortest_quiet_s)}."
            )
        return problem


_TWO_DAYS_S = 2 * lengths.UNITS["days"]
