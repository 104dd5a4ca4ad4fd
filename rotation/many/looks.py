"""Which access keys are looked at next: in turns between connections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, RotationStrategy
from rotation.failures import FAILURES

_PASSING = sorted(code for code, failure in FAILURES.items() if failure.transient)


_place = func.row_number().over(partition_by=RotationStrategy.connection_id, order_by=AccessKey.look_at)
_come = (
    select(AccessKey.id, AccessKey.looks, RotationStrategy.connection_id, _place.label("place"))
    .join(RotationStrategy, RotationStrategy.id == AccessKey.strategy_id)
    .where(AccessKey.look_at <= bindparam("now"))
    .subquery()
)
_COME = select(_come).order_by(_come.c.place, _come.c.id)
_WAIT_OUT = (
    select(RotationStrategy.connection_id)
    .join(AccessKey, AccessKey.strategy_id == RotationStrategy.id)
    .where(
        AccessKey.look_at > bindparam("now"),
        AccessKey.error_code.in_(_PASSING),
        AccessKey.state != KeyState.DELETED.value,
    )
    .distinct()
)


def keys_to_look_at(session: Session, now: datetime, most: int) -> list[tuple[str, int]]:
    """The keys whose time has come, with how often they were looked at: of each connection one, then of each another.

    Of a connection that AWS has just refused for a while (throttled, out of reach) there is one alone.
    """
    found = session.execute(_COME.limit(most), {"now": now}).all()
    refused = _refused(session, now) if found else set()
    return [(row.id, row.looks) for row in found if row.place == 1 or row.connection_id not in refused]


def _refused(session: Session, now: datetime) -> set[str]:
    """The connections of keys that wait out a refusal."""
    return set(session.scalars(_WAIT_OUT, {"now": now}))
