"""What the page of one rotation shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, Rotation, RotationStrategy
from views.shown.facts import with_places
from views.shown.failure import Reads, Trouble, after_rotation, reads, tell
from views.shown.rotation import ShownStep, is_waiting, seen, state_of, steps_of
from views.shown.state import NOTHING, State


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
            return f"{head} succeeded. Programs read the new key."
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
    newest_id = session.scalar(select(func.max(Rotation.id)).where(Rotation.strategy_id == strategy.id))
    by_itself = after_rotation(strategy) if rotation.id == newest_id else NOTHING
    return RotationPage(
        rotation, strategy, state_of(rotation, strategy.connection.verify_rounds, now), steps_of(rotation, now),
        tell(code, rotation.error_facts, zone, by_itself) if code else None, waits, reads(rotation, current), current,
        made, _replaced(session, made) or _old(keys), seen(rotation, stands_still=stands_still),
    )  # fmt: skip


def _replaced(session: Session, made: AccessKey | None) -> AccessKey | None:
    """The key that made way for this one: replaced at the very moment of its publication."""
    if made is None or made.published_at is None:
        return None
    return session.scalar(
        select(AccessKey).where(AccessKey.strategy_id == made.strategy_id, AccessKey.replaced_at == made.published_at)
    )


def _old(keys: Sequence[AccessKey]) -> AccessKey | None:
    return next((key for key in keys if key.replaced_at is not None and key.deleted_at is None), None)
