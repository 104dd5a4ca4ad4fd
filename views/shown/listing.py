"""The list of strategies: who stands where, in which order, and what each row says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from models import AccessKey, Rotation, RotationStrategy
from models import State as RotationState
from views.shown.failure import Reads, Trouble, after_rotation, mended, reads, tell, trouble_of_key
from views.shown.picture import mini
from views.shown.rotation import is_idle
from views.shown.schedule import schedule_words
from views.shown.state import NOTHING, Group, Line, State
from views.shown.strategy import OLD, Facts, has_failed, next_line, next_time, on_hold, sort_key, state_of


@dataclass(frozen=True)
class Standing:
    """A strategy and its state."""

    facts: Facts
    state: State


def standings(overview: Sequence[Facts], now: datetime, late: timedelta) -> list[Standing]:
    """The strategies in the order of the list: attention first, then what runs, then by next time."""
    found = [Standing(facts, state_of(facts, now, late)) for facts in overview]
    return sorted(found, key=lambda one: sort_key(one.facts, one.state))


@dataclass(frozen=True)
class Search:
    """What the list is asked for; empty fields ask for all."""

    text: str = ""
    environment: str = ""
    group: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Search:
        """The search that an address asks for."""
        return cls(query.get("q", "").strip(), query.get("environment", ""), query.get("state", ""))

    def __bool__(self) -> bool:
        return bool(self.text or self.environment or self.group)

    def finds(self, one: Standing) -> bool:
        """Whether the strategy fits."""
        strategy = one.facts.strategy
        text = self.text.casefold()
        return (
            (text in strategy.user_name.casefold() or text in (strategy.path or "").casefold())
            and self.environment in {"", strategy.environment}
            and self.group in {"", one.state.group.value, one.state.word.lower()}
        )


@dataclass(frozen=True)
class Row:
    """What a row of the list says."""

    strategy: RotationStrategy
    state: State
    newest: Rotation | None
    current: AccessKey | None
    old: AccessKey | None
    mini: mini.Mini
    key_age_s: float | None
    next: Line
    next_more: Line
    trouble: Trouble | None
    reads: Reads | None
    old_from_s: float
    """The age from which a key is too old, or by usage called old."""
    stands_still: bool
    """Whether something could go on by now: it doesn't when nobody works."""

    @property
    def key_is_old(self) -> bool:
        """Whether the current key is older than it should get."""
        return self.key_age_s is not None and self.key_age_s > self.old_from_s

    @property
    def is_open(self) -> bool:
        """Whether a rotation runs or waits."""
        return self.newest is not None and self.newest.is_open


def row(facts: Facts, now: datetime, late: timedelta, zone: tzinfo, max_age_s: int | None) -> Row:
    """The row of a strategy from its facts in full. `max_age_s`: how old its project's keys may get."""
    newest, current, strategy = facts.newest, facts.current, facts.strategy
    failed_at = newest.ended_at if newest is not None and newest.state == RotationState.FAILED.value else None
    picture = mini.draw(facts.keys, now, next_turn=strategy.due_at, interval_s=strategy.interval_s, failed_at=failed_at)
    age_s = None if current is None or current.created_at is None else (now - current.created_at).total_seconds()
    state = state_of(facts, now, late)
    stands_still = state.word == "Overdue" or strategy.deleting_at is not None
    return Row(
        strategy, state, newest, current, facts.old, picture, age_s, *_next(facts, now, late),
        trouble_of(facts, now, zone), None if newest is None else reads(newest, current),
        max_age_s or OLD.total_seconds(),
        stands_still or (newest is not None and is_idle(newest, now)),
    )  # fmt: skip


def seen(rows: Sequence[Row], *counts: int) -> str:
    """A mark of what a page of the list shows: a page that sends it back hears of changes only."""
    told = [
        (
            row.strategy.id, row.state.word, row.state.line if row.state.group is not Group.RUNNING else "",
            row.strategy.due_at, row.newest and row.newest.id,
        )
        for row in rows
    ]  # fmt: skip
    return hashlib.sha256(repr((told, counts)).encode()).hexdigest()[:12]


def trouble_of(facts: Facts, now: datetime, zone: tzinfo) -> Trouble | None:
    """What a person must help with, told; None when there is nothing, or when it isn't a failure."""
    if facts.is_open and not facts.waits_in_vain:
        return None
    if has_failed(facts) and facts.newest is not None:
        told = tell(facts.newest.error_code, facts.newest.error_facts, zone, after_rotation(facts.strategy))
        return mended(told, facts.strategy, facts.keys)
    stuck: Any = facts.stuck
    if stuck is not None:
        return trouble_of_key(stuck, now, zone, facts.current)
    lost: Any = facts.lost
    if lost is not None and lost.look_at is None:
        at = lost.intent_at.isoformat(timespec="seconds")
        key = facts.current.access_key_id if facts.current else None
        known = {
            "user": facts.strategy.user_name, "who_reads": facts.strategy.who_reads, "until": at,
            "said": "The connection broke", "key": key or "",
        }  # fmt: skip
        return tell("answer_lost", known, zone)
    return None


def _next(facts: Facts, now: datetime, late: timedelta) -> tuple[Line, Line]:
    """When the strategy rotates next, and a second line."""
    strategy = facts.strategy
    often = Line(schedule_words(strategy.schedule) if strategy.schedule else "")
    if strategy.deleting_at is not None:
        return Line("None"), Line("it is being deleted")
    if strategy.paused_at is not None:
        return Line("None while paused"), often
    if on_hold(facts):
        due = strategy.due_at
        until = Line("until it's mended, or", due, form="soon")
        return Line("On hold"), Line("until it's mended") if due is None else until
    if strategy.schedule is None:
        by_age = Line("and by its age", strategy.due_at, form="soon")
        return Line("By button only"), by_age if strategy.due_at else NOTHING
    is_retry = next_time(facts) == strategy.retry_at
    return next_line(facts, now, late), Line("tries again") if is_retry else often
