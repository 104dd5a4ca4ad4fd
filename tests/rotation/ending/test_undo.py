"""Back to the pair before: proven before it is published, and only while its key lives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import KeyState, Purpose, Rotation, State, Trigger
from models.rotation import STEPS
from rotation.ending import leaks, undoing, wishes
from rotation.errors import RotationError
from tests.rotation.ending.test_deactivate_old_key import active, row
from tests.rotation.world import DAY, USER


@pytest.fixture
def before(world):
    """The pair before the last rotation."""
    return world.after(replace_pair)


def replace_pair(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    pair = world.pair()
    world.clock.advance(10 * DAY)
    world.rotate()
    return pair


def ask(world):
    key = undoing.key_before(world.session, world.strategy_id)
    key_id = key.id if key else "none"
    rotation, _ = undoing.request_undo(world.session, world.strategy(), key_id, by="alice", now=world.clock.now())
    world.session.commit()
    return rotation.id


def test_both_secrets_hold_the_pair_before(world, before):
    undone = world.pair().access_key_id
    rotation = world.finish(ask(world))
    assert rotation.state == State.SUCCEEDED
    assert world.pair() == before
    assert [step.name for step in rotation.steps] == [name.value for name in STEPS[Purpose.UNDO]]
    assert row(world, before.access_key_id).state == KeyState.ACTIVE
    assert row(world, undone).state == KeyState.RETIRING
    world.pass_time(3 * DAY)
    assert world.aws.keys_of(USER) == [before.access_key_id]
    assert world.consumer_call_works()


def test_an_inactive_key_is_activated_first(world, before):
    world.pass_time(DAY + 60)
    assert not active(world, before.access_key_id)
    assert world.finish(ask(world)).state == State.SUCCEEDED
    assert world.pair() == before
    assert world.consumer_call_works()


def test_an_undo_can_be_undone(world, before):
    after = world.pair()
    world.finish(ask(world))
    world.finish(ask(world))
    assert world.pair() == after


def test_a_key_that_was_taken_over_has_its_pair_in_the_secrets_versions(world):
    theirs = world.aws.add_key(USER)
    world.hold_in_secrets(theirs)
    world.clock.advance(DAY)
    world.rotate()
    assert world.finish(ask(world)).state == State.SUCCEEDED
    assert world.pair() == theirs


def test_an_inactive_key_whose_secret_is_kept_nowhere_stays_inactive(world, before, monkeypatch):
    world.pass_time(DAY + 60)
    monkeypatch.setattr(undoing, "kept_pair", lambda *_: None)
    rotation = world.finish(ask(world))
    assert rotation.error_code == "no_way_back"
    assert not active(world, before.access_key_id)


def test_a_pair_that_is_refused_is_not_published(world, before):
    current = world.pair()
    world.aws.keys[before.access_key_id].active = False
    rotation = world.finish(ask(world))
    assert (rotation.state, rotation.error_code) == (State.FAILED, "no_way_back")
    assert world.pair() == current
    assert row(world, before.access_key_id).state == KeyState.RETIRING


def test_a_key_that_is_gone_or_ended_or_compromised_is_no_way_back(world, before):
    key = row(world, before.access_key_id)
    leaks.mark(world.session, key, "alice", world.clock.now())
    with pytest.raises(RotationError) as raised:
        ask(world)
    assert raised.value.code == "no_way_back"
    world.session.rollback()
    wishes.end_now(world.session, key, "alice", world.clock.now())
    with pytest.raises(RotationError):
        ask(world)
    world.session.rollback()
    world.pass_time(4 * DAY)
    with pytest.raises(RotationError):
        ask(world)


def test_it_is_not_deleted_while_the_undo_waits(world, before):
    world.pass_time(2 * DAY - 60)
    ask(world)
    world.pass_time(DAY)
    assert world.pair() == before
    assert world.consumer_call_works()


def test_one_that_a_person_ends_meanwhile_is_not_published(world, before):
    current, rotation_id = world.pair(), ask(world)
    world.run(rotation_id)
    wishes.end_now(world.session, row(world, before.access_key_id), "bob", world.clock.now())
    world.session.commit()
    rotation = world.finish(rotation_id)
    assert (rotation.state, rotation.error_code) == (State.FAILED, "no_way_back")
    assert world.pair() == current


def test_a_rotation_that_waits_for_room_gives_way(world, before):
    """It waits for the very key that the undo goes back to."""
    waiting = world.request(Trigger.SCHEDULE)
    assert world.run(waiting) > world.clock.now()
    assert world.finish(ask(world)).state == State.SUCCEEDED
    assert world.pair().access_key_id == before.access_key_id
    gave_way = world.rotation(waiting)
    assert (gave_way.state, gave_way.error_code) == (State.FAILED, "gave_way")
    assert world.run(waiting) is None


def test_a_rotation_that_is_worked_on_does_not_give_way(world, before):
    running = world.request()
    with world.new_session() as session:
        session.get_one(Rotation, running).lease_until = world.clock.now() + timedelta(minutes=1)
        session.commit()
    assert ask(world) == running


def test_one_that_was_activated_is_not_tried_at_once(world, before):
    """Services learn of it as of a new key: one good round at once would say little."""
    world.pass_time(DAY + 3600)
    assert row(world, before.access_key_id).state == KeyState.DEACTIVATED
    rotation_id = ask(world)
    until = world.run(rotation_id)
    assert until - world.clock.now() == timedelta(seconds=1)
    assert world.rotation(rotation_id).good_rounds == 0
    assert world.finish(rotation_id).state == State.SUCCEEDED
