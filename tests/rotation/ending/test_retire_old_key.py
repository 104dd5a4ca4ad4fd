"""How an old key ends: only when its time has come, only when it is proven ours, never while programs read it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models import KeyState, RetireWhen, State
from models.secret import write_secret
from rotation.ending import wishes
from rotation.errors import RotationError
from tests.rotation.world import DAY, HOUR, USER


@pytest.fixture
def old(world):
    """The ID of an old key that was replaced just now, with a grace and a quiet time of a day each."""
    return world.after(replace_key)


def replace_key(world):
    world.rotate()
    access_key_id = world.pair().access_key_id
    world.clock.advance(10 * DAY)
    world.rotate()
    return access_key_id


def lives(world, access_key_id):
    return access_key_id in world.aws.keys_of(USER)


def row(world, access_key_id):
    return next(key for key in world.access_keys() if key.access_key_id == access_key_id)


def test_an_unused_key_is_deleted_after_grace_and_quiet_time(world, old):
    world.pass_time(DAY - 60)
    assert lives(world, old)
    world.pass_time(120)
    assert not lives(world, old)
    assert row(world, old).state == KeyState.DELETED
    assert row(world, old).secret_access_key is None


def test_a_used_key_lives_until_it_has_been_quiet(world, old):
    for _ in range(5):
        world.aws.use_key(old, "s3", "eu-central-1")
        world.pass_time(12 * HOUR)
        assert lives(world, old)
    assert (row(world, old).last_used_service, row(world, old).last_used_region) == ("s3", "eu-central-1")
    world.pass_time(DAY)
    assert not lives(world, old)


def test_a_use_that_aws_tells_late_is_waited_for(world, old):
    """AWS tells hours later, and of the uses within 15 minutes the first only: the quiet time is never shorter."""
    world.change(quiet_s=60, grace_s=60)
    retiring = row(world, old)
    world.session.get_one(type(retiring), retiring.id).retire_at = world.clock.now()
    world.session.commit()
    world.pass_time(world.timing.last_use_lag_s - 60)
    assert lives(world, old)
    world.pass_time(120)
    assert not lives(world, old)


def test_a_deadline_ends_it_used_or_not(world, old):
    world.change(retire_when=RetireWhen.DEADLINE.value, deadline_s=DAY)
    world.aws.use_key(old)
    world.pass_time(DAY - 120)
    world.aws.use_key(old)
    assert lives(world, old)
    world.pass_time(180)
    assert not lives(world, old)


def test_it_can_be_kept_longer(world, old):
    until = world.clock.now() + timedelta(days=4)
    assert wishes.keep_longer(world.session, row(world, old), until, "alice", world.clock.now())
    world.session.commit()
    world.pass_time(4 * DAY - 2 * HOUR)
    assert lives(world, old)
    world.pass_time(3 * HOUR)
    assert not lives(world, old)


def test_it_can_be_ended_at_once(world, old):
    assert wishes.end_now(world.session, row(world, old), "alice", world.clock.now())
    world.session.commit()
    world.sweep()
    assert not lives(world, old)
    assert row(world, old).ended_by == "alice"


def test_a_key_that_is_ended_cannot_be_kept(world, old):
    wishes.end_now(world.session, row(world, old), "alice", world.clock.now())
    until = world.clock.now() + timedelta(days=4)
    assert not wishes.keep_longer(world.session, row(world, old), until, "bob", world.clock.now())


def test_the_published_key_is_neither_ended_nor_looked_at(world, old):
    published = world.access_keys(KeyState.ACTIVE)[0]
    assert not wishes.end_now(world.session, published, "alice", world.clock.now())
    published.look_at = world.clock.now()
    world.session.commit()
    world.look(published.id)
    assert lives(world, published.access_key_id)


def test_a_key_that_aws_says_is_anothers_is_not_deleted(world, old):
    world.aws.add_user("somebody-else")
    world.aws.keys[old].user_name = "somebody-else"
    world.aws.keys[old].used.clear()
    world.pass_time(3 * DAY)
    assert old in world.aws.keys_of("somebody-else")
    assert row(world, old).error_code == "existing_key_not_targets"
    assert not world.aws.calls_of("delete_key")


def test_a_key_that_aws_does_not_know_is_not_deleted(world, old):
    world.aws.deny("list_keys")
    world.aws.remove_key(old)
    world.pass_time(3 * DAY)
    assert row(world, old).error_code == "unknown_key"
    assert not world.aws.calls_of("delete_key")


def test_a_deletion_whose_answer_was_lost_is_asked_for_again(world, old):
    """Without ListAccessKeys only AWS's answer to a second one says that it is done: one that is gone is no error."""

    def lose(when, method):
        if (when, method) == ("after", "delete_key"):
            world.aws._watchers.clear()
            raise RotationError("aws_unreachable", said="ReadTimeoutError")

    world.aws.deny("list_keys")
    world.aws.watch(lose)
    world.pass_time(DAY + HOUR)
    assert (row(world, old).state, row(world, old).error_code) == (KeyState.DELETED, "")
    assert len(world.aws.calls_of("delete_key")) == 2


def test_a_key_that_somebody_else_deleted_is_gone_once_aws_lists_it_no_more(world, old):
    world.aws.remove_key(old)
    world.pass_time(2 * DAY)
    assert row(world, old).state == KeyState.DELETED
    assert not world.aws.calls_of("delete_key")


def test_a_key_that_aws_does_not_know_keeps_no_rotation_waiting(world, old):
    """A person deleted it by hand; without ListAccessKeys nothing tells that it is gone but the room for a new one."""
    world.aws.deny("list_keys")
    world.aws.remove_key(old)
    rotation = world.rotate()
    assert rotation.state == State.SUCCEEDED
    assert world.consumer_call_works()


def test_a_key_that_is_being_deleted_can_be_kept_no_longer(world, old):
    """Who is told that a key is kept can rely on it: once AWS is asked to delete it, they are told the truth."""
    answers = []

    def keep(when, method):
        if (when, method) == ("before", "delete_key"):
            with world.new_session() as session:
                until = world.clock.now() + timedelta(days=4)
                answers.append(wishes.keep_longer(session, row(world, old), until, "alice", world.clock.now()))
                session.commit()

    world.aws.watch(keep)
    world.pass_time(DAY + HOUR)
    assert answers == [False]
    assert not lives(world, old)


def test_a_key_that_could_not_be_deleted_can_be_kept_again(world, old):
    world.aws.fail_next("delete_key", "not_permitted", times=100)
    world.pass_time(DAY + HOUR)
    until = world.clock.now() + timedelta(days=4)
    assert wishes.keep_longer(world.session, row(world, old), until, "alice", world.clock.now())
    world.session.commit()


def test_one_that_is_kept_while_aws_is_asked_for_its_last_use_stays(world, old):
    def keep(when, method):
        if (when, method) == ("after", "last_use"):
            world.aws._watchers.clear()
            with world.new_session() as session:
                until = world.clock.now() + timedelta(days=4)
                wishes.keep_longer(session, row(world, old), until, "alice", world.clock.now())
                session.commit()

    world.pass_time(DAY - 60)
    world.aws.watch(keep)
    world.pass_time(HOUR)
    assert lives(world, old)


def test_an_old_key_that_the_secrets_hold_again_is_not_deleted(world, old):
    """Somebody brought an earlier version back: that is what programs read, whatever the record says."""
    secret = world.strategy().access_key_secret
    world.session.refresh(secret)
    write_secret(
        world.session, world.sealing_key, secret, old.encode(), now=world.clock.now(), author="bob", reason="edited"
    )
    world.session.commit()
    world.pass_time(3 * DAY)
    assert lives(world, old)
    assert row(world, old).error_code == "key_is_published"


@pytest.mark.parametrize("code", ["throttled", "aws_unreachable", "not_permitted"])
def test_what_aws_refuses_is_told_and_tried_again(world, old, code):
    world.pass_time(DAY - HOUR)
    world.aws.fail_next("delete_key", code)
    world.pass_time(HOUR + 30)
    assert row(world, old).error_code == code
    world.pass_time(2 * HOUR)
    assert not lives(world, old)
    assert row(world, old).error_code == ""


def test_dying_between_deletion_and_its_record_does_no_harm(world, old):
    class Killed(BaseException):
        pass

    def kill(when, method):
        if (when, method) == ("after", "delete_key") and len(world.aws.calls_of("delete_key")) == 1:
            raise Killed

    world.aws.watch(kill)
    with pytest.raises(Killed):
        world.pass_time(3 * DAY)
    assert not lives(world, old)
    assert row(world, old).state == KeyState.RETIRING
    # GetAccessKeyLastUsed still knows a deleted key.
    world.aws.keys[old] = replace(world.aws.keys[world.pair().access_key_id], used=[])
    world.pass_time(HOUR)
    assert row(world, old).state == KeyState.DELETED


def test_two_looks_at_once_ask_once(world, old):
    key = row(world, old)
    world.look(key.id)
    asked = len(world.aws.calls_of("last_use"))
    world.look(key.id)
    assert len(world.aws.calls_of("last_use")) == asked


def test_a_use_that_shows_up_after_a_death_before_deletion_counts(world, old):
    class Killed(BaseException):
        pass

    def kill(when, method):
        if (when, method) == ("before", "delete_key"):
            raise Killed

    world.aws.watch(kill)
    with pytest.raises(Killed):
        world.pass_time(3 * DAY)
    world.aws._watchers.clear()
    world.aws.use_key(old)
    world.pass_time(DAY - HOUR)
    assert lives(world, old)
    until = world.clock.now() + timedelta(days=4)
    assert wishes.keep_longer(world.session, row(world, old), until, "alice", world.clock.now())
