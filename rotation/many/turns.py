"""Whose turn it is: work is taken fairly between connections, so that one account's trouble delays no other account."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from models import Rotation, RotationStrategy
from models.engine import begin_reading
from models.rotation import AT_ONCE

# At each turn of a worker: to build these statements anew takes longer than to execute them.

_now: BindParameter[datetime] = bindparam("now")
# Nobody has it in hand, and it needn't wait.
_is_ready = or_(Rotation.lease_until.is_(None), Rotation.lease_until <= _now) & or_(
    Rotation.wait_until.is_(None), Rotation.wait_until <= _now
)
# It waits out a refusal by AWS that goes by.
_is_refused = (Rotation.wait_until > _now) & (Rotation.tries > 0) & (Rotation.wait_code != "")
_BY_CONNECTION = (
    select(
        func.count(case((Rotation.lease_until > _now, 1))).label("busy"),
        func.count(case((_is_refused, 1))).label("refused"),
        func.min(case((_is_ready, Rotation.id))).label("oldest"),
        func.max(case((_is_ready & (Rotation.id == bindparam("wanted")), Rotation.id))).label("wanted"),
    )
    .join(RotationStrategy, RotationStrategy.id == Rotation.strategy_id)
    .where(Rotation.ended_at.is_(None))
    .group_by(RotationStrategy.connection_id)
)
_TURN = select(Rotation.id, Rotation.strategy_id, Rotation.claims).where(Rotation.id == bindparam("rotation"))


@dataclass(frozen=True)
class Turn:
    """The rotation that a worker should take now; `claims`: how often it was taken so far."""

    rotation_id: int
    strategy_id: int
    claims: int


def next_turn(session: Session, now: datetime, wanted: int = 0) -> Turn | None:
    """The next rotation to work on, of the connection that is served least; None when none may be taken now.

    It is `wanted` if that is as good as another. A connection with AT_ONCE rotations in hand gets no further one, and
    one that AWS has just refused for a while (throttled, out of reach) gets one at a time. Ends the transaction, which
    must be a new one.
    """
    begin_reading(session)
    rows = session.execute(_BY_CONNECTION, {"now": now, "wanted": wanted}).all()
    able = [row for row in rows if row.oldest is not None and row.busy < (1 if row.refused else AT_ONCE)]
    least = [row for row in able if row.busy == min(each.busy for each in able)]
    found = None
    if least:
        row = next((each for each in least if each.wanted), None) or random.choice(least)  # noqa: S311 - as good
        found = session.execute(_TURN, {"rotation": row.wanted or row.oldest}).one_or_none()
    session.rollback()
    return None if found is None else Turn(*found)
