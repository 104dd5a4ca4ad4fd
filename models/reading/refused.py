"""Strategies whose current key AWS refuses, and how far the keys of a restored backup are tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models.access_key import AccessKey, KeyState
from models.heartbeat import RESTORE, Heartbeat
from models.strategy import RotationStrategy

REFUSED = "published_key_"
"""What the codes of refused current keys begin with."""


@dataclass(frozen=True)
class Restored:
    """What is known of the keys since the database was restored."""

    at: datetime
    untried: int
    """Current keys that haven't been tried yet."""


def refused(session: Session, project_ids: Sequence[str]) -> list[tuple[RotationStrategy, AccessKey]]:
    """The projects' strategies whose current key AWS refused when it was tried last, with that key."""
    rows = session.execute(
        select(RotationStrategy, AccessKey)
        .join(AccessKey, AccessKey.strategy_id == RotationStrategy.id)
        .where(
            AccessKey.state == KeyState.ACTIVE.value, AccessKey.error_code.startswith(REFUSED, autoescape=True),
            RotationStrategy.project_id.in_(project_ids), RotationStrategy.deleting_at.is_(None),
        )
        .options(joinedload(RotationStrategy.connection))
        .order_by(RotationStrategy.user_name)
    ).all()  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def restored(session: Session) -> Restored | None:
    """When the database was restored last, and what is still to be tried; None when it never was."""
    at = session.scalar(select(Heartbeat.at).where(Heartbeat.name == RESTORE))
    if at is None:
        return None
    untried = select(func.count()).where(
        AccessKey.state == KeyState.ACTIVE.value, AccessKey.restored_at.is_not(None), AccessKey.error_code == ""
    )
    return Restored(at, session.scalar(untried) or 0)
