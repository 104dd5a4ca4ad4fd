"""The tiny picture of a strategy's keys in its row: the last 90 days, or less for one that turns often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import AccessKey, KeyState
from views.frame.times import plural, span
from views.shown.picture.spans import Stretch, newest_first, planned_end, spans

WIDTH, NOW_X = 168.0, 126.0
"""In the picture's own units: now stands at three quarters."""

MOST_KEYS = 16
"""Keys that the picture can tell apart."""

_LANES_Y = (3, 11)
_LEAST_WIDTH = 1.0
_GAP = 0.5
_TURNS_SHOWN = 14
_MOST_TOLD = 3


@dataclass(frozen=True)
class Past:
    """How far back a tiny picture reaches."""

    word: str
    length: timedelta


PASTS = (
    Past("hour", timedelta(hours=1)),
    Past("6 hours", timedelta(hours=6)),
    Past("24 hours", timedelta(hours=24)),
    Past("7 days", timedelta(days=7)),
    Past("30 days", timedelta(days=30)),
    Past("90 days", timedelta(days=90)),
)
USUAL = PASTS[-1]


@dataclass(frozen=True)
class MiniBar:
    """A bar: `stretch` names its look."""

    stretch: Stretch
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Mini:
    """The picture, and the same in words."""

    past: Past
    bars: tuple[MiniBar, ...]
    failed: bool
    words: str

    @property
    def is_usual(self) -> bool:
        """Whether it reaches back as far as the table's head says."""
        return self.past is USUAL


def draw(keys: Sequence[AccessKey], now: datetime, *, next_turn: datetime | None, interval_s: int | None,
         failed_at: datetime | None) -> Mini:  # fmt: skip
    """The picture of these keys. `failed_at`: when the newest rotation failed, if it did."""
    past = _past(interval_s)
    ordered = newest_first(keys)[:MOST_KEYS]
    read = [key for key in ordered if key.published_at is not None or key.taken_over]
    bars = [bar for number, key in enumerate(read) for bar in _bars(key, _LANES_Y[number % 2], past, now, next_turn)]
    failed = failed_at is not None and now - failed_at <= past.length
    return Mini(past, tuple(bars), failed, _words(read, past, now, failed_at if failed else None))


def _past(interval_s: int | None) -> Past:
    """The shortest of PASTS that shows several turns of a strategy that turns this often."""
    if interval_s is None:
        return USUAL
    wanted = timedelta(seconds=interval_s) * _TURNS_SHOWN
    return next((past for past in PASTS if past.length >= wanted), USUAL)


def _bars(key: AccessKey, y: int, past: Past, now: datetime, next_turn: datetime | None) -> list[MiniBar]:
    bars = []
    for part in spans(key, now, planned_end(key, next_turn) if key.state == KeyState.ACTIVE.value else None):
        x, end = _x(part.start, past, now), _x(part.end, past, now)
        if end <= 0:
            continue
        if part.stretch in {Stretch.GRACE, Stretch.PLAN}:
            x += _GAP
        bars.append(MiniBar(part.stretch, round(x, 1), y, round(max(end - x, _LEAST_WIDTH), 1)))
    return bars


def _x(moment: datetime, past: Past, now: datetime) -> float:
    return min(max(NOW_X + NOW_X * ((moment - now) / past.length), 0.0), WIDTH)


def _words(read: Sequence[AccessKey], past: Past, now: datetime, failed_at: datetime | None) -> str:
    told = [_turns(read, past, now)]
    if any(key.state == KeyState.RETIRING.value for key in read):
        told.append("an old key is still valid")
    if failed_at is not None:
        told.append(f"an attempt failed {span((now - failed_at).total_seconds())} ago")
    return "; ".join(told)


def _turns(read: Sequence[AccessKey], past: Past, now: datetime) -> str:
    if not read:
        return "No key turned yet"
    published = [key.published_at for key in read if key.published_at is not None]
    turned = [moment for moment in published if now - moment <= past.length]
    head = f"Keys of the last {past.word}: "
    if not turned:
        return f"{head}one key, not turned in this time"
    if len(turned) > _MOST_TOLD:
        return f"{head}turned {plural(len(turned), 'time')}, last {span((now - turned[0]).total_seconds())} ago"
    return head + "turned " + " and ".join(f"{span((now - moment).total_seconds())} ago" for moment in reversed(turned))
