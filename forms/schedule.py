"""The fields of when a key turns and when the old one ends."""

from __future__ import annotations

from wtforms import Field, RadioField, SelectChoice, SelectField, StringField

from forms import lengths
from forms.base import Form, refuse, stripped
from models import RetireWhen
from rotation.schedule import shortest_interval

_UNITS = [SelectChoice(unit) for unit in lengths.UNITS]


class ScheduleFields(Form):
    """Interval, grace period and quiet time. `shortest_quiet_s`: no quiet time may be shorter."""

    shortest_quiet_s = 0

    repeat = RadioField(
        "Schedule", choices=[SelectChoice("button", "By button"), SelectChoice("every", "Every")], default="every"
    )
    interval = StringField("Rotation interval", filters=[stripped], default="30")
    interval_unit = SelectField("Unit of the interval", choices=_UNITS, default="days")
    grace = StringField("Grace period", filters=[stripped], default="24")
    grace_unit = SelectField("Unit of the grace period", choices=_UNITS, default="hours")
    retire_when = RadioField(
        "What ends the old key",
        choices=[SelectChoice(each.value) for each in RetireWhen],
        default=RetireWhen.QUIET.value,
    )
    quiet = StringField("Quiet time", filters=[stripped], default="24")
    quiet_unit = SelectField("Unit of the quiet time", choices=_UNITS, default="hours")

    @property
    def interval_s(self) -> int | None:
        """The rotation interval, or None when only the button rotates. Raises ValueError."""
        return self._length_s("interval") if self.repeat.data == "every" else None

    @property
    def grace_s(self) -> int:
        """The grace period. Raises ValueError."""
        return self._length_s("grace")

    @property
    def quiet_s(self) -> int:
        """The quiet time; where it plays no part, a day. Raises ValueError."""
        return self._length_s("quiet") if self.waits_for_quiet else max(self.shortest_quiet_s, lengths.UNITS["days"])

    @property
    def waits_for_quiet(self) -> bool:
        """Whether an old key lives until it is quiet, and not just until its deadline."""
        return bool(self.retire_when.data == RetireWhen.QUIET.value)

    def show_lengths(self, interval_s: int | None, grace_s: int, quiet_s: int) -> None:
        """Fill the fields in."""
        self.repeat.data = "every" if interval_s else "button"
        if interval_s:
            self.interval.data, self.interval_unit.data = lengths.split(interval_s)
        self.grace.data, self.grace_unit.data = lengths.split(grace_s, "days" if grace_s > _TWO_DAYS_S else "hours")
        self.quiet.data, self.quiet_unit.data = lengths.split(quiet_s, "days" if quiet_s > _TWO_DAYS_S else "hours")

    def validate_interval(self, _field: Field) -> None:
        """Long enough for the old key to retire before its successor turns."""
        refuse(self.interval_problem())

    def validate_grace(self, _field: Field) -> None:
        """A length."""
        refuse(self.grace_problem())

    def validate_quiet(self, _field: Field) -> None:
        """A length, no shorter than AWS's report of a use may be late."""
        refuse(self.quiet_problem())

    def interval_problem(self) -> str | None:
        """Why the interval can't be, with the shortest that can; None when it can."""
        try:
            interval_s = self.interval_s
        except ValueError as error:
            return str(error)
        if interval_s is None or self.grace_problem() or self.quiet_problem():
            return None
        ends = RetireWhen.QUIET if self.waits_for_quiet else RetireWhen.DEADLINE
        shortest_s = int(shortest_interval(self.grace_s, self.quiet_s, ends).total_seconds())
        if interval_s >= shortest_s:
            return None
        unit = self.interval_unit.data
        number = lengths.least(shortest_s, unit)
        return (
            f"Too short: with this grace period and quiet time the old key needs {lengths.spell(shortest_s)}, and IAM "
            f"allows two keys. The shortest interval is {number} {unit if number > 1 else unit.removesuffix('s')}."
        )

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

    def _length_s(self, name: str) -> int:
        return lengths.seconds(self[name].data or "", self[f"{name}_unit"].data or "")

    def _length_problem(self, name: str) -> str | None:
        try:
            self._length_s(name)
        except ValueError as error:
            return str(error)
        return None


_TWO_DAYS_S = 2 * lengths.UNITS["days"]
