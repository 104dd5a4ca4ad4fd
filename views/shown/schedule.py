"""A strategy's schedule in words."""

from __future__ import annotations

from models.schedule import Schedule, as_daily, day_names
from views.frame.times import duration, every


def schedule_words(schedule: Schedule | None) -> str:
    """`every 30 days`, `Mon, Thu at 03:30 Europe/Berlin`, `cron 0 3 1 * * UTC`, `by button only`."""
    if schedule is None:
        return "by button only"
    if schedule.interval:
        return every(int(schedule.interval.total_seconds()))
    zone = schedule.zone.key
    simple = as_daily(schedule.cron)
    if simple is None:
        return f"cron {schedule.cron} {zone}"
    at, days = simple
    return f"{day_names(days)} at {at:%H:%M} {zone}"


def limits_words(schedule: Schedule) -> str:
    """What narrows it: `only Mon-Fri 09:00-17:00 Europe/Berlin, spread over 10 minutes`; empty when nothing does."""
    told = []
    if schedule.window:
        told.append(f"only {schedule.window} {schedule.zone.key}")
    if schedule.spread:
        told.append(f"spread over {duration(int(schedule.spread.total_seconds()))}")
    return ", ".join(told)
