"""Programs that are handed a strategy's credentials, without a request."""

from __future__ import annotations

from rotation.programs.handing import promise, ready
from tests.api import programs

MARGIN_S = 300


def make_token(world):
    """A token that names the world's strategy."""
    made, _ = programs.token(world.session, world.strategy())
    world.session.commit()
    return made


def hand_out(world, token):
    """What a program is told now."""
    session, strategy = world.session, world.strategy()
    promise(session, strategy, token, world.clock.now(), MARGIN_S)
    session.commit()
    handed = ready(session, world.sealing_key, strategy, token, world.clock.now())
    session.commit()
    assert handed is not None
    return handed
