"""For how long what was replaced goes on working beside the new."""

from __future__ import annotations

from datetime import timedelta

from wtforms import SelectChoice, SelectField

from forms.base import Form

_DAY_S = 86_400


def overlap_field(label: str, none: str, days: tuple[int, ...]) -> SelectField:
    """The choice: `none` at all, an hour, or so many days; a day unless chosen otherwise."""
    lengths = [SelectChoice(str(each * _DAY_S), "1 day" if each == 1 else f"{each} days") for each in days]
    choices = [SelectChoice("0", none), SelectChoice("3600", "1 hour"), *lengths]
    return SelectField(label, choices=choices, default=str(_DAY_S))


class OverlapForm(Form):
    """A form with such a choice."""

    overlap: SelectField

    @property
    def length(self) -> timedelta:
        """The overlap."""
        return timedelta(seconds=int(self.overlap.data))
