"""What is told of copies: that one fails, at first and then once a day, and that it is mended. Nothing here commits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import Copy, Kind
from models.telling.alerts import clear_alert, raise_alert
from models.telling.outbox import tell
from rotation.copies.remedies import REMEDIES
from rotation.copies.store import Why

_PASSES = frozenset({Why.THROTTLED, Why.UNREACHABLE, Why.FAILED})
"""What may pass by itself."""
_LASTS = timedelta(minutes=5)


def tell_failure(session: Session, copy: Copy, why: Why, since: datetime, now: datetime) -> None:
    """The copy fails `since` a moment. Told unless it may pass by itself and hasn't lasted yet."""
    if why in _PASSES and now - since < _LASTS:
        return
    if raise_alert(
        session, Kind.COPY_FAILED, str(copy.id), now, project_id=copy.project_id, strategy_id=copy.strategy_id
    ):
        remedy = REMEDIES[why]
        failure = {"code": why.value, "heading": remedy.label, "why": remedy.why, "what_to_do": remedy.what_to_do}
        _tell(session, copy, now, failure=failure)


def tell_mended(session: Session, copy: Copy, now: datetime) -> None:
    """The destination has everything."""
    if clear_alert(session, Kind.COPY_FAILED, str(copy.id), project_id=copy.project_id):
        _tell(session, copy, now, mended=True)


def forget(session: Session, copy: Copy) -> None:
    """The copy ends: whether it gets on is nobody's concern any more."""
    clear_alert(session, Kind.COPY_FAILED, str(copy.id), project_id=copy.project_id)


def _tell(session: Session, copy: Copy, now: datetime, **data: Any) -> None:
    here = session.get_one(Copy, copy.id)  # a worker's own is apart from the session
    told = {"id": here.id, "destination_id": here.destination_id, "destination": here.destination.name}
    told["what"] = here.what
    tell(session, Kind.COPY_FAILED, now, project_id=here.project_id, strategy=here.strategy, copy=told, **data)
