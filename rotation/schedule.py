"""When a strategy rotates: pure functions from an interval and a moment to the next moments."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.strategy import RetireWhen, RotationStrategy

ROOM = timedelta(minutes=1)
"""Time that a rotation itself takes as a rule: verification, and the deletion of the old key."""

RETRY_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
"""Pauses before a failed scheduled rotation is tried again; the last one repeats."""


def next_times(after: datetime, interval: timedelta, count: int = 3) -> list[datetime]:
    """The next `count` times of a schedule whose last one was `after`."""
    return [after + interval * number for number in range(1, count + 1)]


def next_due(previous: datetime, interval: timedelta, now: datetime) -> datetime:
    """The first time after `now` on the grid of `interval` through `previous`: any that were missed count as one.

    The distance is computed, not counted up, for a system may have been down for long.
    """
    missed = max(0, (now - previous) // interval)
    return previous + interval * (missed + 1)


def shortest_quiet_s(last_use_lag_s: int) -> int:
    """The shortest quiet time in seconds: no shorter than AWS's report of a use may be late and coarse."""
    return last_use_lag_s


def shortest_interval(grace_s: int, quiet_s: int, retire_when: RetireWhen, room: timedelta = ROOM) -> timedelta:
    """The shortest interval in which an old key can retire before its successor turns.

    IAM allows two keys: the one that is being retired must be gone when the next is to be made. A key that nobody uses
    is quiet from its replacement on, so grace and quiet time run side by side.
    """
    valid_s = max(grace_s, quiet_s) if retire_when is RetireWhen.QUIET else grace_s
    return timedelta(seconds=valid_s) + room


def reschedule(strategy: RotationStrategy, now: datetime, last_published_at: datetime | None) -> None:
    """Set the strategy's next time after its interval was set or changed, or its pause ended.

    A time that would have passed already becomes now. Waiting retries are dropped: an edit is a new start.
    """
    strategy.retry_at, strategy.retries = None, 0
    interval = strategy.interval
    if interval is None or strategy.paused_at is not None:
        strategy.due_at = None
        return
    strategy.due_at = max((last_published_at or now) + interval, now)


def retry_at(strategy: RotationStrategy, now: datetime) -> datetime | None:
    """When a scheduled rotation that failed now is tried again; None when its next due time comes first anyway."""
    if strategy.interval is None or strategy.paused_at is not None:
        return None
    at = now + RETRY_PAUSES[min(strategy.retries, len(RETRY_PAUSES) - 1)]
    return at if strategy.due_at is None or at < strategy.due_at else None
