"""When a strategy rotates by itself: an interval or a cron expression in a time zone, an allowed window, a spread.

Nothing here asks the clock: every function goes from a moment to the next moments, in aware UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

UTC_ZONE = ZoneInfo("UTC")

_CRON_FIELDS = 5
_DAILY = re.compile(r"([0-9]{1,2}) ([0-9]{1,2}) \* \* (\*|[0-7](?:,[0-7])*)")
_DAYS_A_WEEK = 7
_LAST_MOMENT = timedelta(minutes=1)
_LOOKED_AHEAD = 100
"""So many times of a schedule tell its shortest pause: two years of Mondays, eight of first days of the month."""


@dataclass(frozen=True)
class Window:
    """The hours in which a rotation may begin: from `start` to `end` on `days` (1: Monday ... 7: Sunday).

    An end that isn't after the start lies on the next day: 22:00 to 06:00 is one night, 00:00 to 00:00 a whole day.
    """

    days: frozenset[int]
    start: time
    end: time

    @classmethod
    def from_columns(cls, stored: Mapping[str, Any]) -> Window:
        """The window as a strategy's row has it."""
        start, end = (time.fromisoformat(stored[name]) for name in ("start", "end"))
        return cls(frozenset(stored["days"]), start, end)

    def to_columns(self) -> dict[str, Any]:
        """The window as a strategy's row has it."""
        return {"days": sorted(self.days), "start": f"{self.start:%H:%M}", "end": f"{self.end:%H:%M}"}

    def __str__(self) -> str:
        """`Mon, Tue 22:00-06:00`, for pages and the audit log."""
        return f"{day_names(self.days)} {self.start:%H:%M}-{self.end:%H:%M}"

    def last_open(self, at: datetime, zone: ZoneInfo) -> datetime:
        """The last moment up to `at` at which a rotation may begin: `at` itself while the window is open."""
        today = at.astimezone(zone).date()
        for day in range(1, -_DAYS_A_WEEK - 2, -1):
            begin, end = self._on(today + timedelta(days=day), zone)
            if begin.astimezone(zone).isoweekday() in self.days and begin <= at:
                return min(end - _LAST_MOMENT, at)
        raise ValueError("a window needs a day")

    def opens(self, at: datetime, zone: ZoneInfo) -> datetime:
        """The first moment from `at` on at which a rotation may begin: `at` itself while the window is open."""
        today = at.astimezone(zone).date()
        for day in range(-1, _DAYS_A_WEEK + 1):
            begin, end = self._on(today + timedelta(days=day), zone)
            if begin.astimezone(zone).isoweekday() in self.days and end > at:
                return max(begin, at)
        raise ValueError("a window needs a day")

    def _on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        last = day if self.end > self.start else day + timedelta(days=1)
        begin, end = datetime.combine(day, self.start, zone), datetime.combine(last, self.end, zone)
        return begin.astimezone(UTC), end.astimezone(UTC)


@dataclass(frozen=True)
class Schedule:
    """Every `interval`, or whenever `cron` says in `zone`, plus `offset`; inside the window, if there is one.

    `spread`: so far apart may many strategies of one schedule lie; `offset`: this strategy's share of it.
    """

    interval: timedelta | None = None
    cron: str = ""
    zone: ZoneInfo = UTC_ZONE
    window: Window | None = None
    spread: timedelta = timedelta()
    offset: timedelta = timedelta()

    def first(self, last: datetime, now: datetime) -> datetime:
        """The next time of a schedule that begins now, or was changed, after a rotation at `last`.

        An interval counts from the last rotation, and one that has passed already is due now; a cron expression counts
        from now on.
        """
        if self.interval is None:
            return next(self.times(now))
        return self.opens(max(last + self.interval + self.offset, now))

    def after(self, previous: datetime, now: datetime) -> datetime:
        """The first time after `now`, for a schedule whose last one was `previous`: any that were missed count as one.

        The distance is computed, not counted up, for a system may have been down for long.
        """
        if self.interval is None:
            return next(self.times(max(previous, now)))
        missed = max(0, (now - previous) // self.interval)
        return self.opens(previous + self.interval * (missed + 1))

    def times(self, after: datetime) -> Iterator[datetime]:
        """The times after `after`, which for an interval is the last time. Without end."""
        last = after
        for moment in self._raw(after):
            opened = self.opens(moment)
            if opened > last:
                last = opened
                yield opened

    def opens(self, at: datetime) -> datetime:
        """From when on a rotation may begin: `at`, or when the window opens next."""
        return self.window.opens(at, self.zone) if self.window else at

    def last_open(self, at: datetime) -> datetime:
        """The last moment up to `at` at which a rotation may begin."""
        return self.window.last_open(at, self.zone) if self.window else at

    def shortest_pause(self, now: datetime) -> timedelta:
        """The shortest time between two rotations, as far as one looks ahead."""
        if self.interval is not None and self.window is None:
            return self.interval
        return min(later - earlier for earlier, later in pairwise(islice(self.times(now), _LOOKED_AHEAD)))

    def _raw(self, after: datetime) -> Iterator[datetime]:
        if self.interval is not None:
            while True:
                after = self.opens(after + self.interval)
                yield after
        for moment in CronSim(self.cron, (after - self.offset).astimezone(self.zone)):
            yield moment.astimezone(UTC) + self.offset


def day_names(days: frozenset[int]) -> str:
    """`Mon, Thu` for 1 and 4; `Mon-Fri` for the working days, `daily` for all seven."""
    if len(days) == _DAYS_A_WEEK:
        return "daily"
    if days == frozenset(range(1, 6)):
        return "Mon-Fri"
    return ", ".join(DAYS[day - 1][:3] for day in sorted(days))


def cron_problem(text: str) -> str | None:
    """Why `text` can't be a cron expression that ever comes true, in a sentence; None when it can."""
    fields = text.split()
    if len(fields) != _CRON_FIELDS:
        return "Use five fields: minute, hour, day of the month, month, day of the week. 0 3 * * 1 is each Monday at 3."
    try:
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return f"{error}: the fields are minute, hour, day of the month, month and day of the week."
    except StopIteration:
        return "This time never comes."
    return None


def daily(at: time, days: frozenset[int]) -> str:
    """The cron expression for a time of day on days of the week (1: Monday ... 7: Sunday); all days when none."""
    chosen = ",".join(str(day % _DAYS_A_WEEK) for day in sorted(days))
    return f"{at.minute} {at.hour} * * {chosen if 0 < len(days) < _DAYS_A_WEEK else '*'}"


def as_daily(cron: str) -> tuple[time, frozenset[int]] | None:
    """The time of day and the days that a cron expression says, or None when it says something else."""
    found = _DAILY.fullmatch(cron)
    if found is None:
        return None
    every_day = frozenset(range(1, _DAYS_A_WEEK + 1))
    days = frozenset((int(day) or _DAYS_A_WEEK) for day in found[3].split(",")) if found[3] != "*" else every_day
    return time(int(found[2]), int(found[1])), days
