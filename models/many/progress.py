"""How far the batches of a project are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models.many.batch import Batch, BatchItem, Deed
from models.rotation import Rotation, State

TOLD_FOR = timedelta(minutes=10)
"""For so long a batch that is done is still told."""
_TOLD_AT_MOST = timedelta(days=1)


@dataclass(frozen=True)
class Progress:
    """A batch, and how much of it is done; of rotations, which have ended."""

    batch: Batch
    total: int
    done: int
    failed: int
    last_at: datetime | None
    """When the last part of it was done."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.done == self.total


def recent(session: Session, project_id: str, now: datetime, batch_id: int | None = None) -> list[Progress]:
    """The project's batches that aren't done or ended a short while ago, the newest first; or the one of this id."""
    query = select(Batch).where(Batch.project_id == project_id, Batch.at > now - _TOLD_AT_MOST)
    if batch_id is not None:
        query = select(Batch).where(Batch.project_id == project_id, Batch.id == batch_id)
    found = [_progress(session, batch) for batch in session.scalars(query.order_by(Batch.id.desc()))]
    return [
        one for one in found if batch_id or not one.is_done or one.last_at is None or one.last_at > now - TOLD_FOR
    ]  # fmt: skip


def _progress(session: Session, batch: Batch) -> Progress:
    is_rotation = batch.deed == Deed.ROTATE.value
    # A rotation that is gone went with its strategy.
    ended = Rotation.ended_at.is_not(None) | Rotation.id.is_(None) if is_rotation else BatchItem.done_at.is_not(None)
    row = session.execute(
        select(
            func.count(),
            func.count(case((BatchItem.done_at.is_not(None) & ended, 1))),
            func.count(case((Rotation.state == State.FAILED.value, 1))),
            func.max(Rotation.ended_at) if is_rotation else func.max(BatchItem.done_at),
        )
        .select_from(BatchItem)
        .outerjoin(Rotation, Rotation.id == BatchItem.rotation_id)
        .where(BatchItem.batch_id == batch.id)
    ).one()
    return Progress(batch, *row)
