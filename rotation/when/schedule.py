"""When a strategy rotates next, what its old key needs before, and when a failure is tried again. Pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.schedule import Schedule
from models.strategy import Ends, RetireWhen, RotationStrategy

ROOM = timedelta(minutes=1)
"""Time that a rotation itself takes as a rule: verification, and the deletion of the old key."""

RETRY_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""Pauses before a failed scheduled rotation is tried again; the last one repeats."""


def shortest_quiet_s(last_use_lag_s: int) -> int:
    """The shortest quiet time in seconds: no shorter than AWS's report of a use may be late and coarse."""
    return last_use_lag_s


def shortest_interval(ends: Ends, room: timedelta = ROOM) -> timedelta:
    """The shortest interval in which an old key can retire before its successor turns.

    IAM allows two keys: the one that is being retired must be gone when the next is to be made. A key that nobody uses
    is quiet from its replacement on, so grace and quiet time run side by side. Then it is watched, inactive, in a place
    all the same. A key that goes for the next rotation, or by a person alone, needs its grace.
    """
    valid_s = ends.grace_s
    if ends.rule in {RetireWhen.QUIET, RetireWhen.DEADLINE}:
        quiet_s = ends.quiet_s if ends.rule is RetireWhen.QUIET else min(ends.quiet_s, ends.deadline_s)
        valid_s = max(ends.grace_s, quiet_s) + ends.watch_s
    return timedelta(seconds=valid_s) + room


def reschedule(
    strategy: RotationStrategy, now: datetime, last_published_at: datetime | None, turn_by: datetime | None = None
) -> None:
    """Set the strategy's next time after its schedule was set or changed, or its pause ended.

    `turn_by`: when its current key has to turn at the latest, whatever the schedule says (planning.py). A time
    that would have passed already becomes now. Waiting retries are dropped: an edit is a new start.
    """
    strategy.retry_at, strategy.retries, strategy.due_at = None, 0, None
    if strategy.paused_at is None:
        schedule = strategy.schedule
        planned = schedule.first(last_published_at or now, now) if schedule else None
        strategy.due_at = not_later(planned, turn_by, schedule, now)


def after_publication(
    strategy: RotationStrategy, now: datetime, *, by_button: bool, turn_by: datetime | None = None
) -> None:
    """Set the next time now that a key was published: an interval begins anew after the button."""
    strategy.retry_at, strategy.retries = None, 0
    schedule = strategy.schedule
    if strategy.paused_at is not None:
        return
    planned = strategy.due_at if schedule else None
    if schedule and (planned is None or (by_button and schedule.interval)):
        planned = schedule.first(now, now)
    strategy.due_at = not_later(planned, turn_by, schedule, now)


def after_claim(strategy: RotationStrategy, due_at: datetime, now: datetime) -> datetime:
    """The next time of a strategy whose due time is being served.

    Without a schedule, when only its key's age made it due, it is tried again the next day until a key is published.
    """
    schedule = strategy.schedule
    return schedule.after(due_at, now) if schedule else now + timedelta(days=1)


def opens(strategy: RotationStrategy, now: datetime) -> datetime:
    """From when on a rotation by schedule may begin: `now`, or when the allowed window opens."""
    schedule = strategy.schedule
    return schedule.opens(now) if schedule else now


def not_later(
    planned: datetime | None, turn_by: datetime | None, schedule: Schedule | None, now: datetime
) -> datetime | None:
    """The planned time, or an earlier one where the key must have turned by then: now if that has passed."""
    if turn_by is None:
        return planned
    latest = max(schedule.last_open(turn_by) if schedule else turn_by, now)
    return latest if planned is None else min(planned, latest)


def retry_at(strategy: RotationStrategy, now: datetime) -> datetime | None:
    """When a scheduled rotation that failed now is tried again; None when its next due time comes first anyway."""
    if strategy.due_at is None or strategy.paused_at is not None:
        return None
    at = now + RETRY_PAUSES[min(strategy.retries, len(RETRY_PAUSES) - 1)]
    return at if at < strategy.due_at else None
