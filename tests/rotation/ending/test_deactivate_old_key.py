"""Where the manager may deactivate keys, an old one is inactive and watched before it is deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AccessKey, Action, AuditEntry, KeyState, State
from rotation.ending import undoing, wishes
from rotation.ending.rules import BY_RULE
from rotation.requests import OldKey
from tests.rotation.world import DAY, HOUR, USER


@pytest.fixture
def old(world):
    """The ID of an old key that was replaced just now, with a grace, a quiet time and a watch of a day each."""
    return world.after(replace_key)


def replace_key(world):
    world.aws.allow("deactivate_key")
    world.rotate()
    access_key_id = world.pair().access_key_id
    world.clock.advance(10 * DAY)
    world.rotate()
    return access_key_id


def row(world, access_key_id):
    return next(key for key in world.access_keys() if key.access_key_id == access_key_id)


def active(world, access_key_id):
    return world.aws.keys[access_key_id].active


def ask(world, wish, *more):
    done = wish(world.session, *more, "alice", world.clock.now())
    world.session.commit()
    return done


def test_it_is_inactive_for_its_watch_then_deleted(world, old):
    world.pass_time(DAY + 60)
    assert not active(world, old)
    assert row(world, old).state == KeyState.DEACTIVATED
    world.pass_time(DAY - 120)
    assert old in world.aws.keys_of(USER)
    world.pass_time(180)
    assert old not in world.aws.keys_of(USER)
    assert row(world, old).state == KeyState.DELETED
    assert [call.method for call in world.aws.calls if call.method.endswith("ate_key") and call.access_key_id == old]
    entries = world.session.query(AuditEntry.action).filter(AuditEntry.thing == old).order_by(AuditEntry.id).all()
    assert [action for (action,) in entries][-2:] == [Action.KEY_DEACTIVATE, Action.KEY_DELETE]


def test_what_is_permitted_is_found_out_and_remembered(world, old):
    assert world.strategy().can_deactivate is None
    world.pass_time(DAY + 60)
    assert world.strategy().can_deactivate is True
    world.pass_time(2 * DAY)
    world.aws.deny("deactivate_key")
    world.rotate()
    world.pass_time(DAY + 60)
    assert world.strategy().can_deactivate is False
    assert len(world.aws.keys_of(USER)) == 1


def test_without_a_watch_it_is_deleted_at_once(world, old):
    world.change(watch_s=0)
    world.pass_time(DAY + 60)
    assert old not in world.aws.keys_of(USER)
    assert not world.aws.calls_of("deactivate_key")


def test_an_inactive_key_is_brought_back_at_once_into_its_grace(world, old):
    world.pass_time(DAY + 60)
    assert ask(world, wishes.bring_back, row(world, old))
    world.sweep()
    assert active(world, old)
    back = row(world, old)
    assert (back.state, back.deactivated_at, back.returned_by) == (KeyState.RETIRING, None, "")
    world.pass_time(DAY - HOUR)
    assert active(world, old)
    world.pass_time(2 * HOUR)
    assert not active(world, old)


def test_only_an_inactive_key_is_brought_back(world, old):
    assert not ask(world, wishes.bring_back, row(world, old))
    world.pass_time(2 * DAY + HOUR)
    assert not ask(world, wishes.bring_back, row(world, old))


def test_a_key_that_is_being_deleted_is_not_brought_back(world, old):
    """Who is told that it comes back can rely on it."""
    answers = []

    def bring_back(when, method):
        if (when, method) == ("before", "delete_key"):
            with world.new_session() as session:
                answers.append(wishes.bring_back(session, row(world, old), "alice", world.clock.now()))
                session.commit()

    world.pass_time(DAY + 60)
    world.aws.watch(bring_back)
    world.pass_time(DAY + HOUR)
    assert answers == [False]


def test_one_that_is_wanted_back_while_a_look_goes_on_comes_back_at_once(world, old):
    def bring_back(when, method):
        if (when, method) == ("after", "last_use"):
            world.aws._watchers.clear()
            with world.new_session() as session:
                wishes.bring_back(session, row(world, old), "alice", world.clock.now())
                session.commit()

    world.pass_time(DAY + 60)
    world.aws.watch(bring_back)
    world.pass_time(12 * HOUR)
    assert active(world, old)
    assert row(world, old).state == KeyState.RETIRING


def test_an_inactive_key_is_kept_longer(world, old):
    world.pass_time(DAY + 60)
    until = world.clock.now() + timedelta(days=4)
    assert wishes.keep_longer(world.session, row(world, old), until, "alice", world.clock.now())
    world.session.commit()
    world.pass_time(4 * DAY - HOUR)
    assert not active(world, old)
    world.pass_time(2 * HOUR)
    assert old not in world.aws.keys_of(USER)


def test_ended_now_it_is_inactive_at_once_and_ended_again_deleted(world, old):
    assert ask(world, wishes.end_now, row(world, old))
    world.sweep()
    assert not active(world, old)
    assert ask(world, wishes.end_now, row(world, old))
    world.sweep()
    assert old not in world.aws.keys_of(USER)
    assert row(world, old).ended_by == "alice"


def test_a_rotation_that_is_to_end_it_doesnt_wait_for_its_watch(world, old):
    rotation = world.finish(world.request(old_key=OldKey.END))
    assert rotation.state == State.SUCCEEDED
    assert old not in world.aws.keys_of(USER)
    methods = [call.method for call in world.aws.calls if call.access_key_id == old]
    assert methods.index("deactivate_key") < methods.index("delete_key")


def test_a_rotation_waits_for_the_end_of_the_watch(world, old):
    """An inactive key takes a place too: IAM allows two, active or not."""
    rotation_id = world.request()
    world.pass_time(2 * DAY - 60)
    assert world.rotation(rotation_id).is_open
    world.pass_time(HOUR)
    assert world.rotation(rotation_id).state == State.SUCCEEDED


class Killed(BaseException):
    pass


def kill_after(world, wanted):
    def watch(when, method):
        if (when, method) == ("after", wanted):
            world.aws._watchers.clear()
            raise Killed

    world.aws.watch(watch)


def test_a_use_that_shows_up_after_a_death_brings_back_what_may_be_inactive(world, old):
    kill_after(world, "deactivate_key")
    with pytest.raises(Killed):
        world.pass_time(DAY + HOUR)
    assert not active(world, old)
    assert row(world, old).state == KeyState.RETIRING
    world.aws.use_key(old)
    world.pass_time(HOUR)
    assert active(world, old)
    assert row(world, old).ended_by == ""


@pytest.mark.parametrize("listing", [True, False])
def test_what_may_be_inactive_is_not_taken_for_active_where_nobody_may_bring_it_back(world, old, listing):
    kill_after(world, "deactivate_key")
    with pytest.raises(Killed):
        world.pass_time(DAY + HOUR)
    world.aws.deny("deactivate_key", *([] if listing else ["list_keys"]))
    world.aws.use_key(old)
    world.pass_time(HOUR)
    assert (row(world, old).error_code, row(world, old).state) == ("not_permitted", KeyState.RETIRING)
    assert not ask(world, lambda session, *who: wishes.keep_longer(session, row(world, old), *who), world.clock.now())
    world.aws.allow("deactivate_key")
    world.pass_time(2 * HOUR)
    assert active(world, old)
    assert (row(world, old).error_code, row(world, old).ended_by) == ("", "")


def test_a_key_that_is_listed_as_active_need_not_be_brought_back(world, old):
    kill_after(world, "last_use")
    world.aws.use_key(old)
    with pytest.raises(Killed):
        world.pass_time(DAY + HOUR)
    world.session.query(AccessKey).filter_by(access_key_id=old).update({"ended_by": BY_RULE})
    world.session.commit()
    world.aws.deny("deactivate_key")
    world.aws.use_key(old)
    world.pass_time(HOUR)
    assert (row(world, old).error_code, row(world, old).ended_by) == ("", "")


def test_a_lost_key_that_is_found_is_deactivated_first(world, old):
    world.pass_time(3 * DAY)
    world.aws.lose_next_answer(made=True)
    assert world.rotate().error_code == "answer_lost"
    lost = (set(world.aws.keys_of(USER)) - {world.pair().access_key_id}).pop()
    world.pass_time(HOUR)
    assert lost not in world.aws.keys_of(USER)
    methods = [call.method for call in world.aws.calls if call.access_key_id == lost]
    assert methods == ["last_use", "deactivate_key", "delete_key"]


@pytest.mark.parametrize("then", ["undo", "bring back"])
def test_a_worker_that_was_held_up_ends_nothing_any_more(world, old, then):
    """While it waited, say for a locked database, another did its work, and a person took it back."""
    meanwhile = []

    def hold_up(when, method):
        if (when, method) != ("after", "last_use") or meanwhile:
            return
        meanwhile.append(True)
        world.clock.advance(world.timing.lease_s + 1)
        world.look(row(world, old).id)
        assert row(world, old).state == KeyState.DEACTIVATED
        if then == "undo":
            world.finish(undo(world))
        else:
            wishes.bring_back(world.session, row(world, old), "alice", world.clock.now())
            world.session.commit()
            world.look(row(world, old).id)
        assert active(world, old)

    world.pass_time(DAY - 60)
    world.clock.advance(HOUR)
    world.aws.watch(hold_up)
    world.look(row(world, old).id)
    assert meanwhile
    assert active(world, old)
    assert row(world, old).state == (KeyState.ACTIVE if then == "undo" else KeyState.RETIRING)


def undo(world):
    key = undoing.key_before(world.session, world.strategy_id)
    rotation, _ = undoing.request_undo(world.session, world.strategy(), key.id, by="alice", now=world.clock.now())
    world.session.commit()
    return rotation.id
