"""Requests of one program at the same moment, and a publication in between, over real transactions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import HandedKey, HandsOut, KeyState, RotationStrategy, ServiceToken
from rotation.programs.handing import promise, ready
from rotation.programs.sessions import fetch, want_session
from tests.api import programs
from tests.databases.test_at_once import at_once

MARGIN_S = 300


@pytest.fixture
def token_id(world):
    token, _ = programs.token(world.session, world.strategy())
    world.session.commit()
    world.rotate()
    return token.id


def hand_out(world, session, token_id):
    strategy, token = session.get_one(RotationStrategy, world.strategy_id), session.get_one(ServiceToken, token_id)
    promise(session, strategy, token, world.clock.now(), MARGIN_S)
    session.commit()
    return ready(session, world.sealing_key, strategy, token, world.clock.now())


@pytest.mark.parametrize("hands_out", list(HandsOut))
def test_all_are_told_the_same(world, token_id, hands_out):
    world.change(hands_out=hands_out.value)
    if hands_out is HandsOut.SESSION:
        want_session(world.session, world.strategy(), world.clock.now())
        world.session.commit()
        with world.new_session() as session:
            fetch(world.tools(session), world.strategy_id)
    told = at_once(world, lambda session: hand_out(world, session, token_id))
    assert told[0] is not None
    assert {(each.pair, each.until) for each in told} == {(told[0].pair, told[0].until)}
    with world.new_session() as session:
        assert session.query(HandedKey).one().until == told[0].until
    (key,) = world.access_keys(KeyState.ACTIVE)
    assert key.held_until == told[0].until + timedelta(seconds=MARGIN_S)
