"""An access key's life as stretches of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from models import AccessKey, KeyState

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a beginning that Keyturn doesn't know: that of a key which was there before it."""


class Stretch(StrEnum):
    """What a key was during a stretch of its life."""

    CURRENT = "cur"
    """Programs read it, up to now."""
    PAST = "past"
    """Programs read it."""
    GRACE = "grace"
    """Replaced, and still valid at AWS."""
    OFF = "off"
    """Deactivated."""
    PLAN = "plan"
    """Yet to come, if nothing changes."""


@dataclass(frozen=True)
class Span:
    """One stretch; `start` is before `end`."""

    stretch: Stretch
    start: datetime
    end: datetime


def read_from(key: AccessKey) -> datetime | None:
    """Since when programs read the key: LONG_AGO for one that was taken over, None for one that was never published."""
    if key.published_at is not None:
        return key.published_at
    return LONG_AGO if key.taken_over else None


def spans(key: AccessKey, now: datetime, planned_end: datetime | None = None) -> list[Span]:
    """The key's stretches up to `now`, and one from now to `planned_end` if that is yet to come."""
    start = read_from(key)
    if start is None:
        return []
    gone = key.deleted_at or now
    replaced = key.replaced_at
    if replaced is None:
        current = key.state == KeyState.ACTIVE.value
        off = key.deactivated_at or gone
        found = [(Stretch.CURRENT if current else Stretch.PAST, start, off), (Stretch.OFF, off, gone)]
    else:
        off = key.deactivated_at or gone
        found = [(Stretch.PAST, start, replaced), (Stretch.GRACE, replaced, off), (Stretch.OFF, off, gone)]
    if planned_end is not None and key.deleted_at is None:
        found.append((Stretch.PLAN, now, planned_end))
    return [Span(stretch, begin, end) for stretch, begin, end in found if begin < end]


def planned_end(key: AccessKey, next_turn: datetime | None) -> datetime | None:
    """Until when the key is to stay as it is: the current one until the next turn, an old one until it may go."""
    if key.state == KeyState.ACTIVE.value:
        return next_turn
    if key.ended_by or key.leaked_at is not None:
        return None
    if key.state == KeyState.DEACTIVATED.value:
        return key.retire_at
    if key.state == KeyState.RETIRING.value:
        return max(filter(None, (key.retire_at, key.quiet_at, key.held_until)), default=None)
    return None


def newest_first(keys: Sequence[AccessKey]) -> list[AccessKey]:
    """The keys by when their creation was asked for or they were taken over, the newest first."""
    return sorted(keys, key=lambda key: key.intent_at, reverse=True)
