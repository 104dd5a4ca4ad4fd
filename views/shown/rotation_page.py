"""What the page of one rotation shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, Rotation, RotationStrategy
from views.shown.facts import with_places
from views.shown.failure import Reads, Trouble, after_rotation, mended, reads, tell, trouble_of_key
from views.shown.rotation import (
    ShownStep,
    is_waiting,
    old_key_ends_at,
    seen,
    state_of,
    steps_of,
    waits_for_room,
)
from views.shown.state import NOTHING, State, starting


@dataclass(frozen=True)
class RotationPage:
    """The page of one rotation. `mark` is what a page sends back to hear of changes only."""

    rotation: Rotation
    strategy: RotationStrategy
    state: State
    steps: Sequence[ShownStep]
    trouble: Trouble | None
    """Why it failed, or why it waits."""
    waits: bool
    reads: Reads | None
    current: AccessKey | None
    made: AccessKey | None
    """The key that this rotation makes."""
    old: AccessKey | None
    """The key that it replaced, else the old one that there is now."""
    old_trouble: Trouble | None
    """Why the old key that it waits for can't be deleted; None when it can, or when it waits for none."""
    mark: str

    @property
    def took_s(self) -> float | None:
        """How long it took, in seconds; None while it runs."""
        ended_at, since = self.rotation.ended_at, self.rotation.started_at or self.rotation.requested_at
        return None if ended_at is None else (ended_at - since).total_seconds()

    @property
    def live(self) -> str:
        """What is read out to who can't see the page."""
        head = f"Rotation {self.rotation.id}"
        if self.state.word == "Succeeded":
            return f"{head} succeeded. {starting(self.strategy.who_reads)} the new key."
        if self.trouble is not None:
            return f"{head} {'waits' if self.waits else 'failed'}: {self.trouble.told.heading}."
        return f"{head}: {self.state.word}{', ' if self.state.line.before else ''}{self.state.line.before}."


def rotation_page(
    session: Session, rotation: Rotation, now: datetime, zone: tzinfo, *, stands_still: bool
) -> RotationPage:
    """The page. `stands_still`: nobody works, so that an idle rotation doesn't go on."""
    strategy = session.scalars(
        with_places(select(RotationStrategy).where(RotationStrategy.id == rotation.strategy_id))
    ).one()
    keys = session.scalars(
        select(AccessKey).where(
            AccessKey.strategy_id == strategy.id,
            or_(
                AccessKey.state.in_([KeyState.ACTIVE.value, KeyState.RETIRING.value, KeyState.DEACTIVATED.value]),
                AccessKey.id == rotation.access_key_id,
            ),
        )
    ).all()
    current = next((key for key in keys if key.state == KeyState.ACTIVE.value), None)
    made = next((key for key in keys if key.id == rotation.access_key_id), None)
    waits = rotation.is_open and is_waiting(rotation, now)
    code = rotation.wait_code if waits else rotation.error_code
    old, awaited = _old(keys), waits_for_room(rotation)
    room_at = old_key_ends_at(old, strategy)
    facts = rotation.error_facts | _of_awaited(old, room_at) if awaited else rotation.error_facts
    old_trouble = trouble_of_key(old, now, zone) if awaited and old is not None else None
    mark = seen(rotation, stands_still=stands_still, old_key=(room_at, old.error_code) if old else None)
    newest_id = session.scalar(select(func.max(Rotation.id)).where(Rotation.strategy_id == strategy.id))
    by_itself = after_rotation(strategy) if rotation.id == newest_id else NOTHING
    trouble = tell(code, facts, zone, by_itself) if code else None
    if trouble and rotation.id == newest_id:
        trouble = mended(trouble, strategy, keys)
    return RotationPage(
        rotation, strategy, state_of(rotation, strategy.connection.verify_rounds, now, room_at),
        steps_of(rotation, now), trouble, waits,
        reads(rotation, current), current, made, _replaced(session, made) or old, old_trouble, mark,
    )  # fmt: skip


def _of_awaited(old: AccessKey | None, room_at: datetime | None) -> dict[str, str]:
    """The key that the rotation waits for as it is now: it may be kept longer meanwhile, or be used."""
    if old is None or room_at is None:
        return {}
    return {"key": old.access_key_id or "", "until": room_at.isoformat(timespec="seconds")}


def _replaced(session: Session, made: AccessKey | None) -> AccessKey | None:
    """The key that made way for this one: replaced at the very moment of its publication."""
    if made is None or made.published_at is None:
        return None
    return session.scalar(
        select(AccessKey).where(AccessKey.strategy_id == made.strategy_id, AccessKey.replaced_at == made.published_at)
    )


def _old(keys: Sequence[AccessKey]) -> AccessKey | None:
    return next((key for key in keys if key.replaced_at is not None and key.deleted_at is None), None)
