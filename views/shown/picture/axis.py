"""Ranges and ticks of the picture of keys over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

NOW_AT = 0.72
"""Where in its range the picture has the present moment; right of it is what is planned."""

_TURNS = 2.5
_SPAN = 1.2


@dataclass(frozen=True)
class Range:
    """How long a time the picture shows. `key` stands in addresses."""

    key: str
    word: str
    length: timedelta


RANGES = (
    Range("10m", "10 minutes", timedelta(minutes=10)),
    Range("1h", "1 hour", timedelta(hours=1)),
    Range("6h", "6 hours", timedelta(hours=6)),
    Range("24h", "24 hours", timedelta(hours=24)),
    Range("7d", "7 days", timedelta(days=7)),
    Range("30d", "30 days", timedelta(days=30)),
    Range("12w", "12 weeks", timedelta(weeks=12)),
    Range("1y", "1 year", timedelta(days=365)),
)
_USUAL = 6
_HOURS = {"24h": 6, "6h": 1}
_MINUTES = {"1h": 15, "10m": 2}


@dataclass(frozen=True)
class Scene:
    """What a picture is drawn for. `next_turn`: when the current key is to be turned."""

    shown: Range
    now: datetime
    zone: tzinfo
    next_turn: datetime | None = None

    @property
    def start(self) -> datetime:
        """The moment at the left edge."""
        return self.now - self.shown.length * NOW_AT

    @property
    def is_short(self) -> bool:
        """Whether times of day alone tell its moments apart."""
        return self.shown.length <= timedelta(days=1)

    def x(self, moment: datetime) -> float:
        """Where the moment stands, in percent of the width; outside 0 to 100 when the range doesn't hold it."""
        return round(100 * ((moment - self.start) / self.shown.length), 2)


@dataclass(frozen=True)
class Tick:
    """A line of the axis with its label."""

    moment: datetime
    label: str


def offered(interval: timedelta | None, data: timedelta | None) -> tuple[tuple[Range, ...], Range]:
    """Three ranges to choose from and the one that is shown unasked.

    `interval`: how often the strategy turns by schedule; `data`: how far back its newest keys reach. Either may be
    unknown.
    """
    if interval is not None:
        usual = _fitting(interval * _TURNS)
    elif data is not None:
        usual = max(_fitting(data / NOW_AT * _SPAN), 1)
    else:
        usual = _USUAL
    first = min(max(usual - 1, 0), len(RANGES) - 3)
    chosen = list(range(first, first + 3))
    if data is not None and (short := _fitting(data / NOW_AT * _SPAN)) < first:
        chosen[0] = short
    return tuple(RANGES[number] for number in chosen), RANGES[usual]


def _fitting(length: timedelta) -> int:
    """The number of the shortest range that holds `length`."""
    return next((number for number, one in enumerate(RANGES) if one.length >= length), len(RANGES) - 1)


def ticks(scene: Scene) -> list[Tick]:
    """The lines of the axis, at round times of the reader's zone."""
    start = scene.start
    end = start + scene.shown.length
    return [tick for tick in _steps(scene.shown.key, start.astimezone(scene.zone), end) if start <= tick.moment < end]


def _steps(key: str, start: datetime, end: datetime) -> Iterator[Tick]:
    if key in {"1y", "12w"}:
        yield from _months(start, end, every=2 if key == "1y" else 1)
    elif key in {"30d", "7d"}:
        yield from _days(start, end, mondays=key == "30d")
    else:
        yield from _clock(start, end, _HOURS.get(key, 0) * 60 or _MINUTES[key])


def _months(start: datetime, end: datetime, every: int) -> Iterator[Tick]:
    moment = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while moment < end:
        if (moment.month - 1) % every == 0:
            yield Tick(moment, f"{moment:%b %Y}" if moment.month == 1 else f"{moment:%b}")
        year, month = divmod(moment.year * 12 + moment.month, 12)
        moment = moment.replace(year=year, month=month + 1)


def _days(start: datetime, end: datetime, *, mondays: bool) -> Iterator[Tick]:
    moment = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while moment < end:
        if not mondays or moment.weekday() == 0:
            yield Tick(moment, f"{moment.day} {moment:%b}" if mondays else f"{moment:%a} {moment.day}")
        moment += timedelta(days=1)


def _clock(start: datetime, end: datetime, minutes: int) -> Iterator[Tick]:
    moment = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while moment < end:
        yield Tick(moment, f"{moment:%H:%M}")
        moment += timedelta(minutes=minutes)
