"""Programs that are handed a strategy's credentials, without a request."""

from __future__ import annotations

from models import ServiceToken
from models.programs.token import give
from rotation.programs.handing import promise, ready

MARGIN_S = 300


def make_token(world):
    """A token that names the world's strategy."""
    strategy = world.strategy()
    place = strategy.access_key_secret
    made = ServiceToken(
        project_id=strategy.project_id, environment_id=place.environment_id, path="/", name="billing",
        created_at=world.clock.now(), created_by="alice", strategies=[strategy],
    )  # fmt: skip
    give(made)
    world.session.add(made)
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
