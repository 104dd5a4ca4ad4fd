"""What somebody does to a published key at AWS is told, and nothing is done about it by itself."""

from __future__ import annotations

import pytest

from models import KeyState, State
from rotation.watching import drift
from tests.rotation.world import DAY, USER


@pytest.fixture
def turned(world):
    world.after(lone_key)
    return world


def lone_key(world):
    world.rotate()
    world.pass_time(3 * DAY)


def code(world):
    (current,) = world.access_keys(KeyState.ACTIVE)
    return current.error_code


def test_each_published_key_is_tried_once_a_day(turned):
    before = len(turned.aws.calls_of("try_key"))
    turned.pass_time(5 * DAY)
    assert len(turned.aws.calls_of("try_key")) - before in {5, 6}
    assert code(turned) == ""


def test_a_deleted_key_is_told_and_not_rotated(turned):
    turned.aws.remove_key(turned.pair().access_key_id)
    turned.pass_time(DAY + 60)
    assert code(turned) == "published_key_deleted"
    assert len(turned.rotations()) == 1


def test_without_listing_it_is_told_as_refused(turned):
    turned.aws.deny("list_keys")
    turned.aws.remove_key(turned.pair().access_key_id)
    turned.pass_time(DAY + 60)
    assert code(turned) == "published_key_refused"


def test_a_deactivated_key_is_told_and_well_again_once_activated(turned):
    key = turned.aws.keys[turned.pair().access_key_id]
    key.active = False
    turned.pass_time(DAY + 60)
    assert code(turned) == "published_key_inactive"
    key.active = True
    turned.pass_time(3600)
    assert code(turned) == ""


def test_an_outage_says_nothing_about_the_key(turned):
    turned.aws.fail_next("try_key", "aws_unreachable")
    turned.pass_time(DAY + 300)
    assert code(turned) == ""


def test_a_rotation_mends_it(turned):
    turned.aws.remove_key(turned.pair().access_key_id)
    turned.pass_time(DAY + 60)
    assert turned.rotate().state == State.SUCCEEDED
    assert code(turned) == ""
    assert turned.consumer_call_works()


def test_a_look_at_once_on_request(turned):
    before = len(turned.aws.calls_of("try_key"))
    strategy = turned.strategy()
    assert len(drift.look_soon(turned.session, strategy.connection_id, turned.clock.now())) == 1
    turned.session.commit()
    turned.sweep()
    assert len(turned.aws.calls_of("try_key")) == before + 1


def test_a_foreign_key_that_takes_the_room_is_told_at_once(turned):
    foreign = turned.aws.add_key(USER)
    assert turned.rotate().error_code == "two_keys"
    (told,) = turned.strategy().foreign_keys
    assert told["access_key_id"] == foreign.access_key_id


def test_a_foreign_key_is_told_and_never_touched(turned):
    foreign = turned.aws.add_key(USER)
    turned.pass_time(DAY + 60)
    (told,) = turned.strategy().foreign_keys
    assert told["access_key_id"] == foreign.access_key_id
    assert told["status"] == "Active"
    turned.rotate()
    turned.pass_time(10 * DAY)
    assert foreign.access_key_id in turned.aws.keys_of(USER)
