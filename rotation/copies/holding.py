"""An old key waits for the copies of its successor: who reads a copy that is behind still has the old one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import AccessKey, Copy, Rotation, RotationStrategy
from models.copies.copy import copies_of
from models.engine import begin_reading
from rotation.copies.remedies import REMEDIES
from rotation.copies.store import Why
from rotation.errors import RotationError

WAITS = "copy_behind"


def first_behind(session: Session, strategy: RotationStrategy) -> Copy | None:
    """A copy that doesn't hold what the strategy published last; None when all do. Ends its transaction."""
    begin_reading(session)
    found = next((copy for copy in copies_of(session, strategy) if copy.is_behind), None)
    session.commit()
    return found


def refuse_while_behind(session: Session, strategy: RotationStrategy) -> None:
    """Raise `copy_behind` while a copy doesn't hold what the strategy published last. Ends its transaction."""
    copy = first_behind(session, strategy)
    if copy is not None:
        raise RotationError(WAITS, copy=copy.destination.name, said=said_of(copy))


def let_go(session: Session, project_id: str, now: datetime) -> None:
    """Let go on what waits for a copy, old keys and rotations: one was confirmed or is gone. Doesn't commit."""
    session.execute(
        update(AccessKey)
        .where(AccessKey.project_id == project_id, AccessKey.error_code == WAITS)
        .values(look_at=now)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Rotation)
        .where(Rotation.project_id == project_id, Rotation.ended_at.is_(None), Rotation.wait_code == WAITS)
        .values(wait_until=now)
        .execution_options(synchronize_session=False)
    )


def said_of(copy: Copy) -> str:
    """Why a copy is behind, in few words."""
    if not copy.why:
        return "It is on its way"
    label = REMEDIES[Why(copy.why)].label
    return f"{label}: {copy.said}" if copy.said else label
