"""A compromised key: its successor is published first, then it is deactivated at once and kept as evidence."""

from __future__ import annotations

from models import Action, AuditEntry, KeyState, State, Trigger
from rotation.ending import leaks, wishes
from rotation.requests import OldKey
from tests.rotation.ending.test_deactivate_old_key import active, row
from tests.rotation.world import DAY, HOUR, USER


def say_compromised(world):
    key = world.access_keys(KeyState.ACTIVE)[0]
    assert leaks.mark(world.session, key, "alice", world.clock.now())
    world.session.commit()
    return key.access_key_id


def test_it_works_until_its_successor_is_published_and_not_a_moment_longer(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    leaked = say_compromised(world)
    world.aws.watch(lambda _when, _method: world.consumer_call_works() or AssertionError("refused"))
    rotation = world.rotate()
    assert rotation.state == State.SUCCEEDED
    assert not active(world, leaked)
    assert world.consumer_call_works()
    assert row(world, leaked).state == KeyState.DEACTIVATED


def test_it_stays_inactive_until_a_person_deletes_it(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    leaked = say_compromised(world)
    world.rotate()
    world.pass_time(30 * DAY)
    assert leaked in world.aws.keys_of(USER)
    rotation_id = world.request()
    world.pass_time(DAY)
    assert world.rotation(rotation_id).wait_code == "old_key_kept"
    assert wishes.end_now(world.session, row(world, leaked), "alice", world.clock.now())
    world.session.commit()
    world.pass_time(60)
    assert leaked not in world.aws.keys_of(USER)
    assert world.rotation(rotation_id).state == State.SUCCEEDED


def test_where_deactivation_isnt_permitted_it_is_deleted_and_that_is_said(world):
    world.rotate()
    leaked = say_compromised(world)
    world.rotate()
    assert leaked not in world.aws.keys_of(USER)
    entry = world.session.query(AuditEntry).filter_by(action=Action.KEY_DELETE.value, thing=leaked).one()
    assert entry.detail == {"why": "deactivation isn't permitted"}


def test_a_failure_leaves_it_working_and_a_later_rotation_ends_it(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    leaked = say_compromised(world)
    world.aws.fail_next("create_key", "not_permitted")
    assert world.rotate().state == State.FAILED
    assert active(world, leaked)
    assert world.rotate().state == State.SUCCEEDED
    assert not active(world, leaked)


def test_with_two_keys_the_old_one_can_make_room(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    world.rotate()
    leaked = say_compromised(world)
    assert world.finish(world.request(old_key=OldKey.END)).state == State.SUCCEEDED
    assert not active(world, leaked)


def test_it_can_be_cut_off_before_there_is_another(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    leaked = say_compromised(world)
    assert leaks.cut_off(world.session, row(world, leaked), "alice", world.clock.now())
    world.session.commit()
    world.sweep()
    assert not active(world, leaked)
    assert not world.consumer_call_works()
    assert world.rotate().state == State.SUCCEEDED
    assert world.consumer_call_works()
    assert row(world, leaked).state == KeyState.DEACTIVATED
    assert row(world, leaked).replaced_at is not None


def test_one_that_was_cut_off_by_mistake_comes_back_as_the_current_one(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    cut = say_compromised(world)
    leaks.cut_off(world.session, row(world, cut), "alice", world.clock.now())
    world.session.commit()
    world.sweep()
    assert wishes.bring_back(world.session, row(world, cut), "alice", world.clock.now())
    world.session.commit()
    world.sweep()
    assert world.consumer_call_works()
    assert (row(world, cut).state, row(world, cut).leaked_at) == (KeyState.ACTIVE, None)


def test_an_old_key_that_is_compromised_ends_at_once(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    first = world.pair().access_key_id
    world.rotate()
    assert leaks.mark(world.session, row(world, first), "alice", world.clock.now())
    world.session.commit()
    world.sweep()
    assert not active(world, first)
    assert row(world, first).state == KeyState.DEACTIVATED


def test_a_rotation_that_waits_for_room_takes_the_old_keys_place_at_once(world):
    world.rotate()
    world.clock.advance(HOUR)
    world.rotate()
    waiting = world.request(Trigger.SCHEDULE)
    assert world.run(waiting) > world.clock.now()
    old = world.access_keys(KeyState.RETIRING)[0]
    assert world.request(old_key=OldKey.END) == waiting
    world.pass_time(60)
    assert world.rotation(waiting).state == State.SUCCEEDED
    ended = world.session.get_one(type(old), old.id, populate_existing=True)
    assert (ended.state, ended.ended_by) == (KeyState.DELETED, "alice")
