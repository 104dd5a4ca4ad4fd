"""The strategy that a token asks for by its id, if it names it."""

from __future__ import annotations

from api.door import refuse
from api.fields import LARGEST_ID
from database import db
from models import RotationStrategy, ServiceToken, TokenStrategy
from models.programs.reach import strategies_of


def strategy_in_reach(token: ServiceToken, strategy_id: int, *, to_rotate: bool = False) -> RotationStrategy:
    """The strategy; refuses what the token doesn't reach, or with `to_rotate` may not turn."""
    mine = strategies_of(token, RotationStrategy).where(RotationStrategy.id == strategy_id)
    if to_rotate:
        mine = mine.where(TokenStrategy.rotates)
    found: RotationStrategy | None = db.session.scalar(mine) if strategy_id <= LARGEST_ID else None
    return found or refuse(token)
