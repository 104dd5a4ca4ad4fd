"""Temporary credentials: fetched ahead of need, shared, renewed at half their life and after a rotation."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from models import HandsOut, KeyState, SharedSession
from rotation.programs.sessions import fetch, sessions_to_fetch, want_session
from tests.api import programs
from tests.rotation.programs.readers import hand_out
from tests.rotation.world import HOUR, USER

HALF = timedelta(minutes=30)


@pytest.fixture
def wanted(world, token):
    """A strategy whose temporary credentials somebody wants."""
    world.rotate()
    assert want_session(world.session, world.strategy(), world.clock.now()) == (world.strategy_id, 0)
    world.session.commit()
    return world


def due(world):
    found = sessions_to_fetch(world.session, world.clock.now(), 10)
    world.session.commit()
    return [strategy_id for strategy_id, _ in found]


def fetch_one(world):
    with world.new_session() as session:
        fetch(world.tools(session), world.strategy_id)


def kept(world):
    with world.new_session() as session:
        return session.query(SharedSession).one()


def key_of(world, shared):
    return next(key for key in world.access_keys() if key.id == shared.key_id)


def test_the_current_key_signs_and_is_not_held_for_it(wanted):
    assert due(wanted) == [wanted.strategy_id]
    fetch_one(wanted)
    shared, now = kept(wanted), wanted.clock.now()
    assert shared.fetched_at == now
    assert (shared.expires_at, shared.renew_at, shared.error_code) == (now + 2 * HALF, now + HALF, "")
    assert json.loads(shared.open(wanted.sealing_key))[0].startswith("ASIA")
    key = key_of(wanted, shared)
    assert (key.state, key.held_until) == (KeyState.ACTIVE.value, None), "nobody was told of it"
    assert wanted.aws.calls_of("session_of")[0].access_key_id == key.access_key_id


def test_it_is_bound_to_its_row(wanted):
    fetch_one(wanted)
    shared = kept(wanted)
    assert b"example-session" not in shared.credentials
    shared.id = "another"
    with pytest.raises(Exception, match="doesn't open"):
        shared.open(wanted.sealing_key)


def test_it_is_fetched_once_and_anew_at_half_its_life(wanted):
    for _ in range(2):
        fetch_one(wanted)
    assert due(wanted) == []
    first = kept(wanted).credentials
    wanted.clock.advance(HALF.total_seconds())
    assert due(wanted) == [wanted.strategy_id]
    fetch_one(wanted)
    assert kept(wanted).credentials != first
    assert len(wanted.aws.calls_of("session_of")) == 2


def test_a_rotation_has_the_new_key_sign_at_once(wanted):
    fetch_one(wanted)
    before = key_of(wanted, kept(wanted))
    wanted.rotate()
    assert due(wanted) == [wanted.strategy_id]
    assert kept(wanted).key_id == before.id, "readers keep what they have until then"
    fetch_one(wanted)
    assert key_of(wanted, kept(wanted)).access_key_id == wanted.pair().access_key_id


def test_the_old_key_lives_until_what_a_program_was_told_has_expired(wanted, token):
    wanted.change(grace_s=0, quiet_s=0)
    wanted.change(handed_s=12 * HOUR)
    fetch_one(wanted)
    signer = key_of(wanted, kept(wanted)).access_key_id
    hand_out(wanted, token)
    wanted.rotate()
    fetch_one(wanted)
    wanted.pass_time(12 * HOUR)
    assert signer in wanted.aws.keys_of(USER)
    wanted.pass_time(600)
    assert signer not in wanted.aws.keys_of(USER)


@pytest.mark.parametrize(("code", "pause"), [("aws_unreachable", 30), ("published_key_refused", 300)])
def test_a_failure_leaves_what_readers_have_and_is_tried_again(wanted, code, pause):
    fetch_one(wanted)
    before = kept(wanted)
    wanted.clock.advance(HALF.total_seconds())
    wanted.aws.fail_next("session_of", code)
    fetch_one(wanted)
    after = kept(wanted)
    assert (after.error_code, after.credentials, after.expires_at) == (code, before.credentials, before.expires_at)
    assert after.renew_at == wanted.clock.now() + timedelta(seconds=pause)
    wanted.clock.advance(pause)
    fetch_one(wanted)
    assert (kept(wanted).error_code, kept(wanted).expires_at) == ("", wanted.clock.now() + 2 * HALF)


def test_a_new_key_that_is_not_known_everywhere_yet_is_tried_again_soon(wanted):
    wanted.aws.fail_next("session_of", "published_key_refused")
    fetch_one(wanted)
    assert kept(wanted).renew_at == wanted.clock.now() + timedelta(seconds=2)
    wanted.clock.advance(2)
    fetch_one(wanted)
    assert kept(wanted).credentials is not None


def test_a_worker_that_dies_leaves_it_to_another(wanted):
    def die(when, method):
        if (when, method) == ("after", "session_of"):
            raise KeyboardInterrupt

    wanted.aws.watch(die)
    with pytest.raises(KeyboardInterrupt):
        fetch_one(wanted)
    assert kept(wanted).credentials is None
    wanted.aws._watchers.clear()
    assert due(wanted) == []
    wanted.clock.advance(wanted.timing.lease_s)
    fetch_one(wanted)
    assert kept(wanted).credentials is not None


def test_a_session_of_a_key_that_was_replaced_meanwhile_is_thrown_away(wanted):
    """The next one is fetched at once."""

    def replace(when, method):
        if (when, method) == ("after", "session_of"):
            wanted.aws._watchers.clear()
            wanted.rotate()

    wanted.aws.watch(replace)
    fetch_one(wanted)
    assert kept(wanted).credentials is None
    assert due(wanted) == [wanted.strategy_id]
    fetch_one(wanted)
    assert key_of(wanted, kept(wanted)).access_key_id == wanted.pair().access_key_id


def test_a_failure_with_a_key_that_was_replaced_meanwhile_is_not_waited_for(wanted):
    def replace(when, method):
        if (when, method) == ("before", "session_of"):
            wanted.aws._watchers.clear()
            wanted.rotate()
            wanted.aws.fail_next("session_of", "published_key_refused")

    wanted.aws.watch(replace)
    fetch_one(wanted)
    assert due(wanted) == [wanted.strategy_id]


@pytest.mark.parametrize("ended", ["revoked_at", "expires_at"])
def test_it_is_renewed_no_more_once_no_token_may_fetch_it(wanted, token, ended):
    fetch_one(wanted)
    setattr(token, ended, wanted.clock.now())
    wanted.session.commit()
    wanted.clock.advance(HALF.total_seconds())
    fetch_one(wanted)
    assert len(wanted.aws.calls_of("session_of")) == 1
    assert due(wanted) == []
    programs.token(wanted.session, wanted.strategy(), name="another")
    assert want_session(wanted.session, wanted.strategy(), wanted.clock.now()) == (wanted.strategy_id, 0)
    wanted.session.commit()
    fetch_one(wanted)
    assert kept(wanted).credentials is not None


def test_without_a_key_nothing_is_asked(world, token):
    want_session(world.session, world.strategy(), world.clock.now())
    world.session.commit()
    fetch_one(world)
    assert not world.aws.calls_of("session_of")
    world.rotate()
    assert due(world) == [world.strategy_id], "a publication wakes it"


def test_a_strategy_that_hands_out_its_key_fetches_none(wanted):
    wanted.change(hands_out=HandsOut.KEY.value)
    fetch_one(wanted)
    assert not wanted.aws.calls_of("session_of")
    assert want_session(wanted.session, wanted.strategy(), wanted.clock.now()) is None
