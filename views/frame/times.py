"""Times, durations and numbers as people read them, in the reader's zone. The words are those of ui/README."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask
from flask_login import current_user
from markupsafe import Markup

from views.frame.browser import browser_words
from views.frame.services import now

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
MONTH_S = 2_629_746
"""A twelfth of the mean year."""
_STEPS = (("mo", MONTH_S, 3), ("d", DAY_S, 7), ("h", HOUR_S, 10), ("min", MINUTE_S, 0), ("s", 1, 0))
"""Units with their length, and below how many of them the next one is told as well: static/app.js does the same."""
_ABSOLUTE_FROM_S = 12 * MONTH_S
_SHORT_KEY_FROM = 9
_UTC = ZoneInfo("UTC")


def init_app(app: Flask) -> None:
    """Make the filters known to the templates."""
    app.jinja_env.filters.update(
        ago=ago,
        at=at,
        at_in=at_in,
        at_s=at_s,
        browser=browser_words,
        clock=clock,
        due=due,
        duration=duration,
        every=every,
        span=span,
        plural=plural,
        short_key=short_key,
        soon=soon,
    )


def reader_zone() -> ZoneInfo:
    """The time zone of the person who reads, UTC for one who isn't signed in."""
    if not current_user.is_authenticated:
        return _UTC
    try:
        return ZoneInfo(current_user.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return _UTC


def long_form(moment: datetime, *, seconds: bool = False) -> str:
    """`Thu 24 Dec 2026, 03:00` in the reader's zone, with its short name when told to the second."""
    local = moment.astimezone(reader_zone())
    text = f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
    return f"{text}:{local:%S %Z}" if seconds else text


def ago(moment: datetime) -> Markup:
    """How far away: `8 d ago`, `in 22 d`, the exact time on hovering; from 12 months on the exact time itself."""
    distance_s = (moment - now()).total_seconds()
    if abs(distance_s) >= _ABSOLUTE_FROM_S:
        return at(moment)
    text = "now" if abs(distance_s) < 1 else span(abs(distance_s))
    if abs(distance_s) >= 1:
        text = f"in {text}" if distance_s > 0 else f"{text} ago"
    return _tag(moment, text, relative="")


def due(moment: datetime) -> Markup:
    """How far away what is to happen then is: `in 22 d`, and `due now` once that time has come, never a past one."""
    return _to_come(moment, "due now")


def soon(moment: datetime) -> Markup:
    """The same within a sentence: `in 22 d`, and `now` once that time has come."""
    return _to_come(moment, "now")


def _to_come(moment: datetime, come: str) -> Markup:
    distance_s = (moment - now()).total_seconds()
    if distance_s >= _ABSOLUTE_FROM_S:
        return at(moment)
    return _tag(moment, come if distance_s < 1 else f"in {span(distance_s)}", relative=come)


def at(moment: datetime) -> Markup:
    """The exact time, to the minute."""
    return _tag(moment, long_form(moment))


def at_s(moment: datetime) -> Markup:
    """The exact time, to the second and with its zone: for rotations and the audit log."""
    return _tag(moment, long_form(moment, seconds=True))


def at_in(moment: datetime, zone: ZoneInfo) -> str:
    """`Thu 24 Dec, 03:00` in another zone than the reader's."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def clock(moment: datetime) -> Markup:
    """The time of day, to the second: for what happens now."""
    return _tag(moment, f"{moment.astimezone(reader_zone()):%H:%M:%S}")


def span(seconds: float) -> str:
    """A length of time in short, rounded down, for ages and distances: `22 d`, `1 h 30 min`, `21 min`, `4 s`.

    The largest unit, and the next one while there are few of the first.
    """
    number = next((number for number, step in enumerate(_STEPS) if seconds >= step[1]), len(_STEPS) - 1)
    unit, size, few = _STEPS[number]
    count, rest = divmod(max(int(seconds), 0), size)
    text = f"{count} {unit}"
    if count >= few:
        return text
    unit, size, _ = _STEPS[number + 1]
    return f"{text} {rest // size} {unit}" if rest >= size else text


def duration(seconds: int) -> str:
    """A chosen length of time in full, exact: `30 days`, `24 hours`, `90 minutes`."""
    for word, size, least in (("day", DAY_S, 2), ("hour", HOUR_S, 1), ("minute", MINUTE_S, 1), ("second", 1, 0)):
        if seconds % size == 0 and seconds // size >= least:
            return plural(seconds // size, word)
    return plural(seconds, "second")


def every(seconds: int) -> str:
    """How often, for a chosen length of time: `every 30 days`, `every hour`."""
    return f"every {duration(seconds).removeprefix('1 ')}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 secret`, `1,204 secrets`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def short_key(access_key_id: str) -> str:
    """`AKIA…FVKD` for running text; never where someone has to act on the key."""
    if len(access_key_id) < _SHORT_KEY_FROM:
        return access_key_id
    return f"{access_key_id[:4]}…{access_key_id[-4:]}"


def _tag(moment: datetime, text: str, *, relative: str | None = None) -> Markup:
    """The moment as an element. `relative`: its text is kept true, and says this once the moment has come."""
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    mark = "" if relative is None else Markup(' data-relative="{}"').format(relative)
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(
        stamp, long_form(moment, seconds=True), mark, text
    )
