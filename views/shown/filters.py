"""How templates tell what only rotations have: exact times of day, short lengths of time, names of actions, uses."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint

from views.frame import times
from views.frame.times import MINUTE_S, clock, reader_zone, span
from views.shown.failure import mark_code
from views.shown.picture.lane_words import key_age
from views.shown.schedule import limits_words, schedule_words
from views.shown.state import Line, starting
from views.shown.strategy import was_used_since

_TWO_DIGITS_BELOW_S = 10
_FORMS = {"ago": times.ago, "at": times.at, "clock": times.clock, "due": times.due, "soon": times.soon}


def register(blueprint: Blueprint) -> None:
    """Make the filters known to all templates."""
    blueprint.add_app_template_filter(mark_code, "code")
    blueprint.add_app_template_filter(clock_exact)
    blueprint.add_app_template_filter(clock_of)
    blueprint.add_app_template_filter(datetime.fromisoformat, "moment")
    blueprint.add_app_template_filter(line_moment)
    blueprint.add_app_template_filter(seconds)
    blueprint.add_app_template_filter(key_age)
    blueprint.add_app_template_filter(schedule_words)
    blueprint.add_app_template_filter(limits_words)
    blueprint.add_app_template_filter(was_used_since)
    blueprint.add_app_template_filter(starting)


def clock_exact(moment: datetime) -> str:
    """The time of day to a hundredth of a second."""
    local = moment.astimezone(reader_zone())
    return f"{local:%H:%M:%S}.{local.microsecond // 10_000:02}"


def clock_of(stamp: str) -> str:
    """The time of day, to the second, of a moment in ISO 8601."""
    return clock(datetime.fromisoformat(stamp))


def line_moment(line: Line) -> str:
    """The moment of a second line, in its form; nothing when it has none."""
    return _FORMS[line.form](line.moment) if line.moment else ""


def seconds(length_s: float) -> str:
    """How long something took: `0.38 s`, `11.7 s`, `5 min`."""
    if length_s >= MINUTE_S:
        return span(length_s)
    return f"{length_s:.2f} s" if length_s < _TWO_DIGITS_BELOW_S else f"{length_s:.1f} s"
