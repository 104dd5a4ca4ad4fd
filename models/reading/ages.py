"""How old keys are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from models.access_key import AccessKey, KeyState


def count_older(session: Session, project_id: str, born_before: datetime) -> int:
    """How many strategies of the project have a key at AWS that was made before that, current or old."""
    counted = select(func.count(AccessKey.strategy_id.distinct())).where(
        AccessKey.project_id == project_id,
        AccessKey.state != literal(KeyState.DELETED.value, literal_execute=True),
        AccessKey.created_at < born_before,
    )
    return session.scalar(counted) or 0
