"""The end of a strategy: its keys stay, or those that it made are deleted at AWS first."""

import pytest

from models import KeyState, RotationStrategy, Secret
from rotation.ending import lost
from rotation.requests import OldKey
from rotation.setup.deletion import RotationRunsError, delete_strategy, finish_deletion
from rotation.when.sweep import sweep_once
from tests.rotation.world import DAY, USER


def delete(world, *, delete_keys):
    ids = delete_strategy(world.session, world.strategy(), delete_keys=delete_keys, by="alice", now=world.clock.now())
    world.session.commit()
    return ids


def is_gone(world):
    gone = world.session.get(RotationStrategy, world.strategy_id, populate_existing=True) is None
    world.session.commit()
    return gone


def test_by_default_the_keys_stay_and_programs_keep_working(world):
    world.rotate()
    pair = world.pair()
    assert delete(world, delete_keys=False) == []
    assert is_gone(world)
    assert world.aws.accepts(pair)
    assert world.session.query(Secret).count() == 2


def test_its_keys_are_deleted_at_aws_before_it_goes(world):
    world.rotate()
    world.clock.advance(10 * DAY)
    world.rotate()
    assert len(delete(world, delete_keys=True)) == 2
    assert not is_gone(world)
    world.sweep()
    assert world.aws.keys_of(USER) == []
    assert is_gone(world)


def test_a_key_that_was_taken_over_stays(world):
    had = world.aws.add_key(USER)
    world.hold_in_secrets(had)
    world.rotate()
    delete(world, delete_keys=True)
    world.sweep()
    assert world.aws.keys_of(USER) == [had.access_key_id]
    assert is_gone(world)


def test_while_aws_is_out_of_reach_it_waits(world):
    world.rotate()
    world.aws.fail_next("delete_key", "aws_unreachable")
    delete(world, delete_keys=True)
    world.sweep()
    assert not is_gone(world)
    world.pass_time(300)
    assert is_gone(world)
    assert world.aws.keys_of(USER) == []


def test_a_rotation_that_a_worker_holds_must_end_first(world):
    rotation_id = world.request()

    def try_to_delete(when, method):
        if (when, method) == ("before", "create_key"):
            with pytest.raises(RotationRunsError):
                delete_strategy(world.session, world.strategy(), delete_keys=False, by="alice", now=world.clock.now())
            world.session.rollback()

    world.aws.watch(try_to_delete)
    world.finish(rotation_id)
    assert world.consumer_call_works()


def test_a_rotation_that_only_waits_goes_with_it(world):
    world.rotate()
    world.rotate()
    world.run(world.request(old_key=OldKey.WAIT))
    delete(world, delete_keys=False)
    assert is_gone(world)


def test_a_key_that_nobody_reads_is_deleted_in_either_case(world):
    world.rotate()
    published = world.pair().access_key_id
    world.clock.advance(10 * DAY)
    world.aws.refuse_at("sts", times=500)
    world.run(world.request())
    assert world.access_keys(KeyState.CREATED)
    delete(world, delete_keys=False)
    world.pass_time(600)
    assert is_gone(world)
    assert world.aws.keys_of(USER) == [published]


@pytest.mark.parametrize("delete_keys", [True, False])
def test_a_lost_key_is_found_and_deleted_before_it_goes(world, delete_keys):
    world.rotate()
    published = world.pair().access_key_id
    world.aws.lose_next_answer(made="later")
    world.run(world.request())
    world.pass_time(60)
    assert len(delete(world, delete_keys=delete_keys)) == (2 if delete_keys else 1)
    world.sweep()
    assert not is_gone(world)
    world.aws.carry_out_late()
    world.pass_time(3600)
    assert world.aws.keys_of(USER) == ([] if delete_keys else [published])
    assert is_gone(world)


def test_one_that_a_dead_worker_may_have_made_is_found_too(world):
    """The intent is written, AWS made the key, and the worker died: the strategy goes only when that is settled."""

    class DiedError(BaseException):
        pass

    def die(when, method):
        if (when, method) == ("after", "create_key"):
            raise DiedError

    rotation_id = world.request()
    world.aws.watch(die)
    with pytest.raises(DiedError):
        world.run(rotation_id)
    world.aws._watchers.clear()
    world.clock.advance(world.timing.lease_s + 1)
    delete(world, delete_keys=False)
    world.pass_time(3600)
    assert world.aws.keys_of(USER) == []
    assert is_gone(world)


def test_a_lost_key_that_nobody_can_find_keeps_the_strategy_no_longer(world):
    world.aws.deny("list_keys")
    world.aws.lose_next_answer(made=True)
    world.rotate()
    delete(world, delete_keys=False)
    assert is_gone(world)


@pytest.fixture
def waiting(world):
    """A world whose strategy's deletion waits for a key that others have deleted, and can't know it."""
    world.aws.deny("list_keys")
    world.rotate()
    world.aws.remove_key(world.pair().access_key_id)
    delete(world, delete_keys=True)
    world.pass_time(DAY)
    assert world.access_keys(KeyState.ACTIVE)[0].error_code == "unknown_key"
    assert not is_gone(world)
    return world


def test_it_goes_once_a_person_says_that_the_key_is_gone(waiting):
    (key,) = waiting.access_keys(KeyState.ACTIVE)
    assert lost.clear_up(waiting.session, key, waiting.strategy(), by="bob", now=waiting.clock.now())
    assert finish_deletion(waiting.session, waiting.strategy_id)
    waiting.session.commit()
    assert is_gone(waiting)


def test_it_goes_once_it_is_deleted_again_with_its_keys_kept(waiting):
    assert delete(waiting, delete_keys=False) == []
    assert is_gone(waiting)


def test_what_is_kept_after_all_is_not_deleted(world):
    """Only the key that nobody reads keeps the strategy waiting then."""
    world.rotate()
    published = world.pair().access_key_id
    world.clock.advance(10 * DAY)
    world.aws.refuse_at("sts", times=500)
    world.run(world.request())
    world.clock.advance(1)
    world.run(world.rotations()[-1].id)
    assert world.access_keys(KeyState.CREATED)
    world.aws.fail_next("delete_key", "aws_unreachable", times=2)
    delete(world, delete_keys=True)
    world.sweep()
    assert delete(world, delete_keys=False)
    world.pass_time(DAY)
    assert is_gone(world)
    assert world.aws.keys_of(USER) == [published]


@pytest.mark.parametrize(("delete_keys", "left"), [(True, 0), (False, 2)])
def test_a_worker_that_makes_an_old_key_inactive_meanwhile_changes_no_wish(world, delete_keys, left):
    def delete_meanwhile(when, method):
        if (when, method) == ("after", "deactivate_key"):
            world.aws._watchers.clear()
            with world.new_session() as session:
                strategy = session.get_one(RotationStrategy, world.strategy_id)
                delete_strategy(session, strategy, delete_keys=delete_keys, by="bob", now=world.clock.now())
                session.commit()

    world.aws.allow("deactivate_key")
    world.rotate()
    world.clock.advance(10 * DAY)
    world.rotate()
    world.aws.watch(delete_meanwhile)
    world.pass_time(2 * DAY)
    assert is_gone(world)
    assert len(world.aws.keys_of(USER)) == left


def test_a_worker_that_dies_after_the_last_key_leaves_the_rest_to_the_sweep(world):
    world.rotate()
    delete(world, delete_keys=True)
    (key,) = world.access_keys(KeyState.ACTIVE)
    world.look(key.id)
    assert world.aws.keys_of(USER) == []
    assert not is_gone(world)
    with world.new_session() as session:
        sweep_once(session, world.clock.now())
    assert is_gone(world)
