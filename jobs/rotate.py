"""The job that works on one rotation."""

from __future__ import annotations

from jobs.queue import Courier
from jobs.runtime import runtime
from models import Rotation
from rotation import engine
from rotation.many.turns import next_turn


def rotate(rotation_id: int) -> None:
    """Work on the rotation whose turn it is, this one or another, as far as it goes now.

    It is taken up again when it has to wait. What may be taken after it is sent on: many may have come while their
    connection had its hands full.
    """
    tools_of = runtime()
    courier = Courier(tools_of.redis)
    with tools_of.session() as session:
        turn = next_turn(session, tools_of.clock.now(), rotation_id)
        if turn is None:
            return
        until = engine.run(tools_of.tools(session, turn.strategy_id, turn.rotation_id), turn.rotation_id)
        if until is not None:
            taken = session.get_one(Rotation, turn.rotation_id).claims
            session.rollback()
            courier.rotation(turn.rotation_id, taken, at=until)
        following = next_turn(session, tools_of.clock.now())
        if following is not None:
            courier.rotation(following.rotation_id, following.claims)
