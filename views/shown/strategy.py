"""The state of a strategy: the one place that decides its word, colour and second line.

The functions take rows of the tables (or parts of rows with the same names), the newest rotation of the strategy and
those of its keys that AWS may still have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import KeyState
from models import State as RotationState
from rotation.copies.holding import WAITS
from rotation.failures import FAILURES
from views.shown import state as look
from views.shown.rotation import old_key_ends_at, running_state, waits_for_room
from views.shown.state import Group, Line, State

OLD = timedelta(days=90)
"""The age from which a key is called old: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html"""


@dataclass(frozen=True)
class Facts:
    """What the state of a strategy depends on."""

    strategy: Any
    newest: Any | None
    """The newest rotation, be it open or ended."""
    keys: Sequence[Any]
    """All access keys that aren't deleted, and perhaps others; the newest first."""
    failing: Sequence[str] = ()
    """The destinations where a copy of what it publishes fails."""

    @property
    def current(self) -> Any | None:
        """The key that programs read."""
        return self._first(KeyState.ACTIVE)

    @property
    def old(self) -> Any | None:
        """The replaced key that AWS still takes."""
        return self._first(KeyState.RETIRING) or self._first(KeyState.DEACTIVATED)

    @property
    def lost(self) -> Any | None:
        """A key that AWS may have made."""
        return self._first(KeyState.LOST)

    @property
    def stuck(self) -> Any | None:
        """A key whose end a person must help with."""
        for key in self.keys:
            if key.error_code and key.state != KeyState.DELETED and not FAILURES[key.error_code].transient:
                return key
        return None

    @property
    def leaked(self) -> Any | None:
        """A compromised key that has no successor yet."""
        for key in self.keys:
            if key.leaked_at is not None and key.replaced_at is None and key.state != KeyState.DELETED:
                return key
        return None

    @property
    def verify_rounds(self) -> int:
        """How many good rounds make a new key fit for publication."""
        rounds: int = getattr(self.strategy, "verify_rounds", 0) or self.strategy.connection.verify_rounds
        return rounds

    @property
    def is_open(self) -> bool:
        """Whether a rotation runs or waits."""
        return self.newest is not None and self.newest.ended_at is None

    @property
    def old_key_ends_at(self) -> datetime | None:
        """Until when the old key is valid at least; None when there is none."""
        return old_key_ends_at(self.old, self.strategy)

    @property
    def waits_in_vain(self) -> bool:
        """Whether a rotation waits for room that doesn't come by itself: AWS refuses to delete a key."""
        if self.newest is None or not waits_for_room(self.newest) or self.stuck is None:
            return False
        return bool(self.stuck.state != KeyState.LOST)

    def _first(self, wanted: str) -> Any | None:
        for key in self.keys:
            if key.state == wanted:
                return key
        return None


def state_of(facts: Facts, now: datetime, late: timedelta) -> State:
    """The strategy's state. `late`: how long a due time may have passed before it is overdue."""
    strategy, newest = facts.strategy, facts.newest
    if newest is not None and newest.ended_at is None:
        running = running_state(newest, facts.verify_rounds, now, facts.old_key_ends_at)
        return _stuck(facts.stuck) if facts.waits_in_vain else running
    if strategy.deleting_at is not None:
        return look.failed(Line("its keys can't be deleted")) if facts.stuck else _deleting(strategy)
    trouble = _trouble(facts, now, late)
    if trouble is not None:
        return trouble
    if strategy.paused_at is not None:
        return State("idle", "player-pause", "Paused", Group.PAUSED, _pause_line(strategy))
    if newest is None or facts.current is None:
        return State("idle", "circle-dashed", "Never rotated", Group.NEW)
    return State("ok", "circle-check", "Up to date", Group.OK, _old_key_line(facts, now))


def _pause_line(strategy: Any) -> Line:
    if strategy.paused_until is not None:
        return Line("until", strategy.paused_until, form="at")
    return Line(f"by {strategy.paused_by}," if strategy.paused_by else "", strategy.paused_at)


def _deleting(strategy: Any) -> State:
    return look.waiting(Line("AWS deletes its keys since", strategy.deleting_at, form="clock"))


def _trouble(facts: Facts, now: datetime, late: timedelta) -> State | None:
    """What needs a person's attention, if anything does."""
    if has_failed(facts):
        return look.failed()
    if facts.lost is not None and facts.lost.look_at is None:
        return look.failed(Line("a key may be lost at AWS"))
    if facts.stuck is not None:
        return _stuck(facts.stuck)
    return _warning(facts, now, late) if facts.leaked is None else _compromised(facts.leaked)


def _compromised(key: Any) -> State:
    refused = key.state == KeyState.DEACTIVATED
    line = Line("AWS refuses its key" if refused else "its key still works")
    return State("bad", "alert-octagon", "Compromised", Group.ATTENTION, line)


def _warning(facts: Facts, now: datetime, late: timedelta) -> State | None:
    old, strategy = facts.old, facts.strategy
    if old is not None and is_used(old, now):
        return State("warn", "alert-triangle", "Old key in use", Group.ATTENTION, Line("last use", old.last_used_at))
    if facts.failing:
        where = facts.failing[0] if len(facts.failing) == 1 else f"{len(facts.failing)} destinations"
        return State("warn", "alert-triangle", "Copy fails", Group.ATTENTION, Line(f"in {where}"))
    if strategy.due_at is not None and now - strategy.due_at > late:
        return State("warn", "calendar-exclamation", "Overdue", Group.ATTENTION, Line("was due", strategy.due_at))
    return None


_OF_CURRENT = {
    "published_key_deleted": "its key was deleted at AWS",
    "published_key_inactive": "its key was deactivated at AWS",
    "published_key_refused": "AWS refuses its key",
    "published_key_not_targets": "its key is another user's",
}


def _stuck(key: Any) -> State:
    if key.error_code == WAITS:
        line = Line(f"the old key waits for {key.error_facts.get('copy', 'a copy')}")
        return State("warn", "alert-triangle", "Copy is behind", Group.ATTENTION, line)
    return look.failed(Line(_OF_CURRENT.get(key.error_code, "the old key can't be deleted")))


def has_failed(facts: Facts) -> bool:
    """Whether the newest rotation failed, and nobody has paused the strategy since."""
    newest, paused_at = facts.newest, facts.strategy.paused_at
    if newest is None or newest.state != RotationState.FAILED.value:
        return False
    return paused_at is None or newest.ended_at > paused_at


def is_used(old: Any, now: datetime) -> bool:
    """Whether AWS still reports uses of a replaced key whose grace is over."""
    grace_is_over = old.retire_at is not None and old.retire_at <= now and old.state == KeyState.RETIRING.value
    return grace_is_over and not old.ended_by and was_used_since(old)


def was_used_since(old: Any) -> bool:
    """Whether AWS has reported a use of the key after its replacement."""
    return old.last_used_at is not None and old.replaced_at is not None and old.last_used_at > old.replaced_at


def _old_key_line(facts: Facts, now: datetime) -> Line:
    old, until = facts.old, facts.old_key_ends_at
    if old is None:
        return look.NOTHING
    if old.ended_by:
        return Line("old key is being ended")
    if old.state == KeyState.DEACTIVATED.value:
        return Line("old key inactive, deleted", until, form="soon") if until else Line("old key kept inactive")
    if until is None:
        return Line("old key still valid")
    if until > now:
        return Line("old key retires", until, form="soon")
    return Line("old key retires now")


def sort_key(facts: Facts, shown: State) -> tuple[int, int, datetime, str]:
    """Attention first (failures before the rest), then what runs, then by next time, then by name."""
    groups = {Group.ATTENTION: 0, Group.RUNNING: 1}
    strategy = facts.strategy
    never = datetime.max.replace(tzinfo=strategy.created_at.tzinfo)
    due = next_time(facts) or never
    return groups.get(shown.group, 2), 0 if shown.kind == "bad" else 1, due, strategy.user_name


def next_line(facts: Facts, now: datetime, late: timedelta) -> Line:
    """When the strategy rotates next by itself, or what holds it up: never a time in the past."""
    moment = next_time(facts)
    if moment is None or moment > now:
        return Line("", moment, form="due")
    if facts.newest is not None and facts.is_open:
        return Line(f"When rotation {facts.newest.id} has ended")
    return Line("Overdue since", moment, form="at") if now - moment > late else Line("Due now")


def next_time(facts: Facts) -> datetime | None:
    """When the strategy rotates next by itself: its due time or an earlier retry."""
    return min(filter(None, (facts.strategy.due_at, facts.strategy.retry_at)), default=None)


def on_hold(facts: Facts) -> bool:
    """Whether a failure keeps the schedule from trying again before its next due time."""
    if facts.newest is None or not has_failed(facts) or facts.strategy.retry_at is not None:
        return False
    return not FAILURES[facts.newest.error_code].retryable
