"""What the page of one strategy shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AccessKey, Rotation, RotationStrategy
from rotation.ending.lost import needs_a_person
from rotation.ending.undoing import newest_living
from rotation.failures import FAILURES
from rotation.setup.deletion import holds_up_deletion
from views.shown.facts import in_full
from views.shown.failure import Reads, Trouble, reads, trouble_of_key
from views.shown.listing import trouble_of
from views.shown.picture import timeline
from views.shown.picture.axis import Range, Scene, offered
from views.shown.picture.spans import newest_first
from views.shown.rotation import state_of as rotation_state
from views.shown.state import Line, State
from views.shown.strategy import Facts, has_failed, next_line, next_time, on_hold, state_of

RECENT = 5
_KEYS_THAT_SET_THE_RANGE = 4
_TOLD_FOR = timedelta(days=1)


@dataclass(frozen=True)
class PastRotation:
    """A row of a table of rotations."""

    rotation: Rotation
    state: State
    outcome: str
    key_id: str
    took_s: float | None


@dataclass(frozen=True)
class Page:
    """The page of one strategy."""

    strategy: RotationStrategy
    facts: Facts
    state: State
    trouble: Trouble | None
    reads: Reads | None
    old_key_trouble: Trouble | None
    timeline: timeline.Timeline
    ranges: tuple[Range, ...]
    next_time: datetime | None
    next: Line
    on_hold: bool
    waits_for: list[AccessKey]
    """The keys that the strategy's deletion waits for."""
    to_clear_up: list[AccessKey]
    """Those that Keyturn can't end by itself."""
    leaked: list[AccessKey]
    """Those that a person said are compromised, and that AWS has or had a day ago."""

    @property
    def is_in_trouble(self) -> bool:
        """Whether there is more to tell than how it goes."""
        return bool(self.trouble or self.to_clear_up or self.leaked or self.strategy.deleting_at)

    @property
    def key_before(self) -> AccessKey | None:
        """The key that an undo goes back to."""
        return newest_living(self.facts.keys)

    @property
    def mark(self) -> str:
        """What of the page changes without this reader: one that sends it back hears of changes only."""
        newest, old = self.facts.newest, self.facts.old
        told = (
            newest and newest.id, "open" if self.facts.is_open else self.state.word, self.strategy.deleting_at,
            old and (old.id, old.state, old.returned_by, old.ended_by, old.error_code, old.retire_at, old.last_used_at),
            [key.id for key in (*self.waits_for, *self.to_clear_up)],
            [(key.id, key.state, key.ended_by) for key in self.leaked], self.facts.failing,
        )  # fmt: skip
        return hashlib.sha256(repr(told).encode()).hexdigest()[:12]

    @property
    def is_new(self) -> bool:
        """Whether no key was made or taken over yet."""
        return not self.facts.keys


def page(
    session: Session, strategy: RotationStrategy, now: datetime, late: timedelta, zone: tzinfo, wanted: str
) -> Page:
    """The page. `wanted`: the key of a range of the picture, or an empty string for the one that suits the strategy."""
    facts = in_full(session, [strategy.id])[strategy.id]
    ranges, usual = offered(strategy.interval, _reach(facts.keys, now))
    shown = next((one for one in ranges if one.key == wanted), usual)
    scene = Scene(shown, now, zone, strategy.due_at if strategy.paused_at is None else None)
    old, trouble = facts.old, trouble_of(facts, now, zone)
    if old is not None and facts.stuck is old and not has_failed(facts):
        trouble = None  # the old key's own part of the page tells it
    return Page(
        strategy, facts, state_of(facts, now, late), trouble,
        None if facts.newest is None else reads(facts.newest, facts.current),
        None if old is None else trouble_of_key(old, now, zone),
        timeline.draw(facts.keys, scene), ranges, next_time(facts), next_line(facts, now, late), on_hold(facts),
        [key for key in facts.keys if strategy.deleting_at is not None and holds_up_deletion(key)],
        [key for key in facts.keys if needs_a_person(key, strategy)],
        [key for key in facts.keys if key.leaked_at and (key.deleted_at is None or now - key.deleted_at < _TOLD_FOR)],
    )  # fmt: skip


def _reach(keys: Sequence[AccessKey], now: datetime) -> timedelta | None:
    """How far back the newest keys reach."""
    newest = newest_first(keys)[:_KEYS_THAT_SET_THE_RANGE]
    return now - newest[-1].intent_at if newest else None


def past_rotations(
    session: Session, strategy: RotationStrategy, now: datetime, count: int, before: int | None = None
) -> list[PastRotation]:
    """The strategy's newest `count` rotations, or those older than the one of id `before`, the newest first."""
    statement = select(Rotation).where(Rotation.strategy_id == strategy.id)
    if before is not None:
        statement = statement.where(Rotation.id < before)
    rotations = session.scalars(statement.order_by(Rotation.id.desc()).limit(count)).all()
    made = select(AccessKey.id, AccessKey.access_key_id).where(
        AccessKey.id.in_([rotation.access_key_id for rotation in rotations if rotation.access_key_id])
    )
    key_ids = {row.id: row.access_key_id or "" for row in session.execute(made)}
    return [
        _past(rotation, strategy.connection.verify_rounds, now, key_ids.get(rotation.access_key_id or "", ""))
        for rotation in rotations
    ]


def _past(rotation: Rotation, verify_rounds: int, now: datetime, key_id: str) -> PastRotation:
    state = rotation_state(rotation, verify_rounds, now)
    outcome = f"Failed: {FAILURES[rotation.error_code].label}" if rotation.error_code else state.word
    took_s = None
    if rotation.ended_at is not None:
        took_s = (rotation.ended_at - (rotation.started_at or rotation.requested_at)).total_seconds()
    return PastRotation(rotation, state, outcome, key_id, took_s)


def count_rotations(session: Session, strategy: RotationStrategy) -> int:
    """How often the strategy has been rotated, or tried to."""
    return session.scalar(select(func.count(Rotation.id)).where(Rotation.strategy_id == strategy.id)) or 0
