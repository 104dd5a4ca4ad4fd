"""What is asked before one thing is done to many strategies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from wtforms import DateTimeLocalField, Field, RadioField, SelectChoice
from wtforms.validators import Optional

from forms import lengths
from forms.base import Form, refuse
from forms.moments import FORMATS, Until
from forms.strategy.when import WhenFields


class RotateMany(Form):
    """Nothing but the confirmation."""


class ResumeMany(Form):
    """Nothing but the confirmation."""


class PauseMany(Until):
    """Until a person resumes them, or until a time."""

    how = RadioField(
        "How long",
        choices=[SelectChoice("open", "Until somebody resumes them"), SelectChoice("until", "Until a time")],
        default="open",
    )
    until = DateTimeLocalField("Pause until", [Optional()], format=FORMATS)

    @property
    def end(self) -> datetime | None:
        """When the pause is to end by itself."""
        return self.moment if self.how.data == "until" else None

    def validate_how(self, _field: Field) -> None:
        """A time needs to be given where one is asked for."""
        refuse("Give a day and a time of day." if self.how.data == "until" and not self.until.data else None)

    def validate_until(self, field: DateTimeLocalField) -> None:
        """A time yet to come, where one is asked for."""
        if self.how.data == "until":
            super().validate_until(field)


class RescheduleMany(WhenFields):
    """The new schedule. `needs`: for each of the strategies, how long its old key needs before the next turn."""

    needs: Sequence[timedelta] = ()

    def validate_interval(self, field: Field) -> None:
        """An interval that leaves each old key its time."""
        self._refuse_turning(field)

    def validate_at(self, field: Field) -> None:
        """A time of day, on days that leave each old key its time."""
        self._refuse_turning(field)

    def validate_cron(self, field: Field) -> None:
        """Five fields, and times that leave each old key its time."""
        self._refuse_turning(field)

    def turning_problem(self) -> str | None:
        """Why the keys can't turn then; None when they can."""
        return self.chosen_problem() or self._short_problem()

    def _refuse_turning(self, field: Field) -> None:
        if self.turning_field is field:
            refuse(self.turning_problem())

    def _short_problem(self) -> str | None:
        if self.zone_problem() or self.window_problem() or self.spread_problem() or self.schedule is None:
            return None
        pause = self.schedule.shortest_pause(datetime.now(UTC))
        short = [need for need in self.needs if need > pause]
        if not short:
            return None
        longest = lengths.spell(int(max(short).total_seconds()))
        return (
            f"Too short for {len(short)} of {len(self.needs)}: with their grace period and quiet time the old key "
            f"needs up to {longest}, and IAM allows two keys."
        )
