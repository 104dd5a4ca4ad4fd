"""When an old key's time has come, by the strategy's rule.

Pure functions of rows of access keys and strategies, or of parts of rows with the same names.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from models import KeyState, RetireWhen

BY_RULE = "Keyturn"
"""Stands in `ended_by` for the person who ended a key while AWS is asked to end one whose time has come."""


def end_at(key: Any, strategy: Any) -> datetime | None:
    """When the key's next step comes (inactive, or deleted), if AWS reports no further use.

    Never before the last moment until which a program was told that the key holds.

    None where only a person or the next rotation ends it, or nothing is known yet.
    """
    if waits_for_person(key, strategy):
        return None
    if key.state == KeyState.DEACTIVATED.value:
        return key.retire_at  # type: ignore[no-any-return]
    rule = RetireWhen(strategy.retire_when)
    if rule is RetireWhen.NEXT:
        return None
    quiet_at = key.quiet_at
    if rule is RetireWhen.DEADLINE:
        deadline = (key.replaced_at or key.intent_at) + timedelta(seconds=strategy.deadline_s)
        quiet_at = min(filter(None, (quiet_at, deadline)))
    return max(filter(None, (key.retire_at, quiet_at, key.held_until)), default=None)


def waits_for_person(key: Any, strategy: Any) -> bool:
    """Whether nothing but a person ends this old key: by its strategy's rule, or because it is kept as evidence."""
    if key.ended_by:
        return False
    if key.state == KeyState.DEACTIVATED.value:
        return key.leaked_at is not None
    return bool(key.state == KeyState.RETIRING.value and strategy.retire_when == RetireWhen.NEVER.value)


def makes_room(key: Any, strategy: Any, now: datetime) -> bool:
    """Whether the key goes for a rotation that needs its place: its rule says so, and its grace is over."""
    if strategy.retire_when != RetireWhen.NEXT.value or key.leaked_at is not None:
        return False
    if key.state == KeyState.DEACTIVATED.value:
        return True
    return key.retire_at is not None and max(filter(None, (key.retire_at, key.held_until))) <= now


def is_held(key: Any, now: datetime) -> bool:
    """Whether AWS still takes this key, and programs were told that it holds: ending it now makes them fail."""
    return key.state == KeyState.RETIRING.value and key.held_until is not None and key.held_until > now


def gone_at(key: Any, strategy: Any) -> datetime | None:
    """When AWS will have no such key any more, as far as can be told: its watch counts where it may be deactivated."""
    at = end_at(key, strategy)
    if at is None or key.state == KeyState.DEACTIVATED.value or strategy.can_deactivate is False:
        return at
    return at + timedelta(seconds=strategy.watch_s)
