"""The old key lives until every copy of its successor is confirmed, unless a person says otherwise."""

from __future__ import annotations

import pytest

from models import KeyState, RetireWhen, State
from rotation.copies.store import StoreError, Why
from rotation.ending import wishes
from tests.rotation.world import DAY, USER


@pytest.fixture
def stuck(world, copying, shelf):
    """The ID of an old key whose successor a copy doesn't hold."""
    world.rotate()
    copying.add()
    copying.sweep()
    old = world.pair().access_key_id
    world.clock.advance(10 * DAY)
    world.rotate()

    def refuse(_name):
        raise StoreError(Why.REFUSED, "Bad credentials")

    shelf.before = refuse
    copying.sweep()
    return old


def lives(world, access_key_id):
    return access_key_id in world.aws.keys_of(USER)


def row(world, access_key_id):
    return next(key for key in world.access_keys() if key.access_key_id == access_key_id)


@pytest.mark.parametrize("rule", [RetireWhen.QUIET, RetireWhen.DEADLINE])
def test_it_waits_and_says_for_what(world, stuck, rule):
    world.change(retire_when=rule.value, deadline_s=DAY)
    world.pass_time(5 * DAY)
    assert lives(world, stuck)
    key = row(world, stuck)
    assert (key.error_code, key.error_facts["copy"]) == ("copy_behind", "shop")
    assert key.error_facts["said"] == "Credential refused: Bad credentials"


def test_it_goes_once_the_copy_is_confirmed(world, copying, shelf, stuck):
    world.pass_time(5 * DAY)
    shelf.before = lambda _name: None
    assert copying.sweep() == [True]
    world.pass_time(120)
    assert not lives(world, stuck)


def test_a_person_ends_it_all_the_same(world, stuck):
    key = row(world, stuck)
    wishes.end_now(world.session, key, "alice", world.clock.now())
    world.session.commit()
    world.pass_time(60)
    assert not lives(world, stuck)


def test_a_rotation_that_needs_its_place_waits_too(world, copying, shelf, stuck):
    world.change(retire_when=RetireWhen.NEXT.value, grace_s=60)
    world.pass_time(2 * DAY)
    rotation_id = world.request()
    world.pass_time(600)
    waiting = world.rotation(rotation_id)
    assert (waiting.ended_at, waiting.wait_code) == (None, "copy_behind")
    assert lives(world, stuck)
    shelf.before = lambda _name: None
    copying.sweep()
    world.pass_time(DAY)
    assert world.rotation(rotation_id).state == State.SUCCEEDED.value
    assert not lives(world, stuck)


def test_a_copy_of_the_path_holds_it_as_well(world, copying, shelf):
    world.rotate()
    old = world.pair().access_key_id
    with world.new_session() as session:
        from models import Secret

        place = session.get_one(Secret, world.strategy().access_key_secret_id)
    copying.add(environment_id=place.environment_id, path=place.path)
    world.clock.advance(10 * DAY)
    world.rotate()
    world.pass_time(5 * DAY)
    assert lives(world, old)
    copying.sweep()
    world.pass_time(120)
    assert not lives(world, old)


def test_a_key_that_is_watched_already_isnt_kept_by_it(world, copying, shelf):
    """It was made inactive when all copies held its successor: what they do later says nothing about it."""
    world.aws.allow("deactivate_key")
    world.rotate()
    old = world.pair().access_key_id
    copy_id = copying.add()
    world.clock.advance(10 * DAY)
    world.rotate()
    copying.sweep()
    world.pass_time(DAY + 60)
    assert row(world, old).state == KeyState.DEACTIVATED
    copying.want(copy_id)
    world.pass_time(2 * DAY)
    assert not lives(world, old)
