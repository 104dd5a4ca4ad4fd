"""The job that works on one rotation."""

from __future__ import annotations

from sqlalchemy import select

from jobs.queue import Courier
from jobs.runtime import runtime
from models import Rotation
from rotation import engine


def rotate(rotation_id: int) -> None:
    """Work on the rotation as far as it goes now, and have it taken up again when it has to wait."""
    tools_of = runtime()
    with tools_of.session() as session:
        strategy_id = session.scalar(select(Rotation.strategy_id).where(Rotation.id == rotation_id))
        session.commit()
        if strategy_id is None:
            return
        until = engine.run(tools_of.tools(session, strategy_id, rotation_id), rotation_id)
        if until is not None:
            taken = session.get_one(Rotation, rotation_id).claims
            Courier(tools_of.redis).rotation(rotation_id, taken, at=until)
