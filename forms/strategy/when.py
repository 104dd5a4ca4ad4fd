"""The fields of when a key turns by itself."""

from __future__ import annotations

import re
from datetime import time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from wtforms import BooleanField, Field, RadioField, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput

from forms import lengths, zones
from forms.base import Form, refuse, stripped
from models.schedule import DAYS, Schedule, Window, as_daily, cron_problem, daily

UNITS = [SelectChoice(unit) for unit in lengths.UNITS]

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_REPEATS = {"button": "By button", "every": "Every", "daily": "At a time", "cron": "Cron"}
_WORKDAYS = ["1", "2", "3", "4", "5"]
_DAYS_FIELD = partial(
    SelectMultipleField,
    choices=[SelectChoice(str(number), name[:3]) for number, name in enumerate(DAYS, start=1)],
    option_widget=CheckboxInput(),
)


class WhenFields(Form):
    """By button only, an interval, a time of day on chosen days, or a cron expression; a window and a spread."""

    repeat = RadioField(
        "Schedule", choices=[SelectChoice(value, label) for value, label in _REPEATS.items()], default="every"
    )
    interval = StringField("Rotation interval", filters=[stripped], default="30")
    interval_unit = SelectField("Unit of the interval", choices=UNITS, default="days")
    at = StringField("Time of day", filters=[stripped], default="03:00")
    days = _DAYS_FIELD("Days", default=_WORKDAYS)
    cron = StringField("Cron expression", filters=[stripped], default="0 3 1 * *")
    zone = StringField("Time zone", filters=[stripped], default="UTC")
    has_window = BooleanField("Only within a window")
    window_start = StringField("Window from", filters=[stripped], default="09:00")
    window_end = StringField("Window to", filters=[stripped], default="17:00")
    window_days = _DAYS_FIELD("Days of the window", default=_WORKDAYS)
    spread = StringField("Spread", filters=[stripped], default="0")

    @property
    def schedule(self) -> Schedule | None:
        """When the key turns by itself, or None when only the button rotates. Raises ValueError with a sentence."""
        kind = self.repeat.data
        if kind == "button":
            return None
        problems = (
            check() for check in (self.chosen_problem, self.zone_problem, self.window_problem, self.spread_problem)
        )
        if problem := next(filter(None, problems), None):
            raise ValueError(problem)
        zone = ZoneInfo(self.zone.data or "UTC")
        window = self._window() if self.has_window.data else None
        spread = timedelta(minutes=int(self.spread.data or 0))
        if kind == "every":
            return Schedule(timedelta(seconds=self._length_s("interval")), "", zone, window, spread)
        days = frozenset(map(int, self.days.data or []))
        cron = daily(_time(self.at.data), days) if kind == "daily" else self.cron.data or ""
        return Schedule(None, cron, zone, window, spread)

    @property
    def turning_field(self) -> Field:
        """The field that says when the key turns."""
        return self[{"daily": "at", "cron": "cron"}.get(self.repeat.data, "interval")]

    def show_schedule(self, schedule: Schedule | None, zone: str) -> None:
        """Fill the fields in; `zone` is the reader's, which a new schedule is in."""
        self.repeat.data = "button"
        self.zone.data = zone
        if schedule is None:
            return
        if schedule.interval:
            self.repeat.data = "every"
            self.interval.data, self.interval_unit.data = lengths.split(int(schedule.interval.total_seconds()))
        elif simple := as_daily(schedule.cron):
            self.repeat.data, self.at.data = "daily", f"{simple[0]:%H:%M}"
            self.days.data = [str(day) for day in sorted(simple[1])]
        else:
            self.repeat.data, self.cron.data = "cron", schedule.cron
        self.zone.data = schedule.zone.key
        self.spread.data = str(int(schedule.spread.total_seconds()) // 60)
        if window := schedule.window:
            self.has_window.data = True
            self.window_days.data = [str(day) for day in sorted(window.days)]
            self.window_start.data, self.window_end.data = f"{window.start:%H:%M}", f"{window.end:%H:%M}"

    def validate_zone(self, _field: Field) -> None:
        """One of the time zone database."""
        refuse(self.zone_problem())

    def validate_window_start(self, _field: Field) -> None:
        """Times and days that make a window, where one is asked for."""
        refuse(self.window_problem())

    def validate_spread(self, _field: Field) -> None:
        """Minutes."""
        refuse(self.spread_problem())

    def chosen_problem(self) -> str | None:
        """Why the interval, time or expression that is chosen can't be, by itself; None when it can."""
        if self.repeat.data == "every":
            return self._length_problem("interval")
        if self.repeat.data == "daily":
            return _time_problem(self.at.data) or (None if self.days.data else "Choose at least one day.")
        return cron_problem(self.cron.data or "") if self.repeat.data == "cron" else None

    def zone_problem(self) -> str | None:
        """Why the time zone can't be; None when it can."""
        if self.repeat.data == "button" or self.zone.data in zones.KNOWN:
            return None
        return "Use a name of the time zone database, such as Europe/Berlin or UTC."

    def window_problem(self) -> str | None:
        """Why the window can't be; None when it can, or none is asked for."""
        if self.repeat.data == "button" or not self.has_window.data:
            return None
        problem = _time_problem(self.window_start.data) or _time_problem(self.window_end.data)
        return problem or (None if self.window_days.data else "Choose at least one day.")

    def spread_problem(self) -> str | None:
        """Why the spread can't be; None when it can."""
        text = self.spread.data or "0"
        if self.repeat.data == "button" or (text.isascii() and text.isdecimal() and int(text) <= _LONGEST_SPREAD_MIN):
            return None
        return f"Use a whole number of minutes from 0 to {_LONGEST_SPREAD_MIN}."

    def _window(self) -> Window:
        days = frozenset(map(int, self.window_days.data or []))
        return Window(days, _time(self.window_start.data), _time(self.window_end.data))

    def _length_s(self, name: str) -> int:
        return lengths.seconds(self[name].data or "", self[f"{name}_unit"].data or "")

    def _length_problem(self, name: str) -> str | None:
        try:
            self._length_s(name)
        except ValueError as error:
            return str(error)
        return None


_LONGEST_SPREAD_MIN = 24 * 60


def _time(text: str | None) -> time:
    found = _TIME.fullmatch(text or "")
    return time(int(found[1]), int(found[2])) if found else time()


def _time_problem(text: str | None) -> str | None:
    return None if _TIME.fullmatch(text or "") else "Use hours and minutes, such as 03:30 or 22:00."
