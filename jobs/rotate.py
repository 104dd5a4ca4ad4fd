"""The job that works on one rotation."""

from __future__ import annotations

import time

from jobs.queue import Courier
from jobs.runtime import Runtime, runtime
from models import Rotation
from rotation import engine
from rotation.many.turns import Turn, next_turn

_TURN_S = 1
"""So long it goes on with further rotations, without the queue between them; then other work has its turn."""


def rotate(rotation_id: int) -> None:
    """Work on the rotation whose turn it is, this one or another, as far as it goes now, and then on those that wait.

    Each is taken up again when it has to wait. What may be taken after them is sent on: many may have come while their
    connection had its hands full.
    """
    tools_of = runtime()
    courier = Courier(tools_of.redis)
    until = time.monotonic() + _TURN_S
    turn = _work(tools_of, courier, rotation_id)
    while turn is not None and time.monotonic() < until:
        turn = _work(tools_of, courier, turn.rotation_id)
    if turn is not None:
        courier.rotation(turn.rotation_id, turn.claims)


def _work(tools_of: Runtime, courier: Courier, wanted: int) -> Turn | None:
    """Work on one rotation, this one if its turn is as good as another's; returns which may be taken after it."""
    with tools_of.session() as session:
        turn = next_turn(session, tools_of.clock.now(), wanted)
        if turn is None:
            return None
        again_at = engine.run(tools_of.tools(session, turn.strategy_id, turn.rotation_id), turn.rotation_id)
        if again_at is not None:
            taken = session.get_one(Rotation, turn.rotation_id).claims
            session.rollback()
            courier.rotation(turn.rotation_id, taken, at=again_at)
        return next_turn(session, tools_of.clock.now())
