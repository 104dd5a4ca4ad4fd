"""A key whose answer never came: what rules it out without the right to list, and what a person says of it."""

import dataclasses

import pytest

from models import Action, AuditEntry, KeyState, State
from rotation.ending import lost
from rotation.requests import OldKey
from tests.fake_provider import ACCOUNT
from tests.rotation.world import DAY, HOUR, USER


@pytest.fixture
def losing(world):
    """A world that may not list keys, has turned its key once, and just lost AWS's answer about the next one."""
    world.after(lose_answer)
    return world


def lose_answer(world):
    world.aws.deny("list_keys")
    world.rotate()
    world.clock.advance(10 * DAY)
    world.aws.lose_next_answer(made=True)
    assert world.rotate().error_code == "answer_lost"
    world.sweep()


def lost_key(world):
    return next(iter(world.access_keys(KeyState.LOST)), None)


def lost_at_aws(world):
    """The ID that only AWS knows."""
    known = {key.access_key_id for key in world.access_keys()}
    (found,) = [key_id for key_id in world.aws.keys_of(USER) if key_id not in known]
    return found


def settle(world):
    world.clock.advance(HOUR)


def test_two_known_keys_rule_it_out(losing):
    settle(losing)
    losing.aws.remove_key(lost_at_aws(losing))
    assert losing.rotate().state == State.SUCCEEDED
    losing.sweep()
    assert lost_key(losing) is None


def test_it_lives_in_the_place_of_a_key_that_others_deleted(losing):
    """Keyturn knows two keys, of which AWS has one: the second is the lost one."""
    settle(losing)
    losing.aws.remove_key(losing.pair().access_key_id)
    assert losing.rotate().state == State.SUCCEEDED
    losing.pass_time(HOUR)
    assert lost_at_aws(losing)
    assert lost_key(losing) is not None


def test_it_may_be_made_later_than_a_key_that_was_made_at_once(world):
    """The old key goes, and AWS gets round to the lost request then."""
    world.aws.deny("list_keys")
    world.rotate()
    world.clock.advance(10 * DAY)
    world.aws.lose_next_answer(made="later")
    assert world.rotate().error_code == "answer_lost"
    assert world.rotate().state == State.SUCCEEDED
    world.sweep()
    assert lost_key(world) is not None
    assert world.rotate(old_key=OldKey.END).state == State.SUCCEEDED
    world.aws.remove_key(world.access_keys(KeyState.RETIRING)[0].access_key_id)
    world.aws.carry_out_late()
    world.pass_time(HOUR)
    assert lost_at_aws(world)
    assert lost_key(world) is not None


def test_a_later_turn_rules_it_out(losing):
    losing.aws.remove_key(lost_at_aws(losing))
    assert losing.rotate().state == State.SUCCEEDED
    losing.sweep()
    assert lost_key(losing), "it might have been made at the same time"
    losing.pass_time(10 * DAY)
    assert losing.rotate().state == State.SUCCEEDED
    losing.sweep()
    assert lost_key(losing) is None


def test_a_throttled_question_is_asked_again(losing):
    settle(losing)
    losing.aws.remove_key(lost_at_aws(losing))
    losing.rotate()
    losing.aws.fail_next("last_use", "throttled")
    losing.look(lost_key(losing).id)
    assert lost_key(losing).error_code == "throttled"
    losing.pass_time(HOUR)
    assert lost_key(losing) is None


def test_the_right_to_list_that_came_later_rules_it_out(losing):
    settle(losing)
    losing.aws.remove_key(lost_at_aws(losing))
    losing.aws.allow("list_keys")
    assert losing.rotate().state == State.SUCCEEDED
    losing.sweep()
    assert lost_key(losing) is None


def test_the_right_to_list_that_came_later_finds_what_a_person_must_judge(losing):
    """Which keys were there before isn't known: it may be somebody else's, made in the same minute."""
    found = lost_at_aws(losing)
    losing.aws.allow("list_keys")
    assert losing.rotate().error_code == "two_keys"
    with losing.new_session() as session:
        lost.look_again(session, losing.strategy_id, losing.clock.now())
        session.commit()
    losing.sweep()
    assert found in lost_key(losing).error_facts["said"]
    assert found in losing.aws.keys_of(USER)


def test_another_accounts_list_proves_nothing(losing, monkeypatch):
    identity = losing.aws.identify()
    settle(losing)
    losing.aws.allow("list_keys")
    losing.aws.remove_key(lost_at_aws(losing))
    elsewhere = dataclasses.replace(identity, account_id=ACCOUNT[::-1])
    monkeypatch.setattr(losing.aws, "identify", lambda: elsewhere)
    with losing.new_session() as session:
        lost.look_again(session, losing.strategy_id, losing.clock.now())
        session.commit()
    losing.sweep()
    assert lost_key(losing) is not None


# A person's word


def clear_up(world, key):
    cleared = lost.clear_up(world.session, key, world.strategy(), by="bob", now=world.clock.now())
    world.session.commit()
    return cleared


def entries(world):
    found = world.session.query(AuditEntry).filter_by(action=Action.KEY_CLEAR_UP.value).all()
    world.session.commit()
    return found


def test_a_person_clears_a_lost_key_up(losing):
    settle(losing)
    key = lost_key(losing)
    losing.aws.remove_key(lost_at_aws(losing))
    assert clear_up(losing, key)
    assert lost_key(losing) is None
    (entry,) = entries(losing)
    assert (entry.actor, entry.thing, entry.strategy_id) == ("bob", USER, losing.strategy_id)
    assert not clear_up(losing, key), "once is enough"


def test_not_while_aws_may_still_make_it(losing):
    losing.clock.advance(14 * 60)
    assert not clear_up(losing, lost_key(losing))
    assert lost_key(losing) is not None
    assert entries(losing) == []


def test_a_key_that_others_deleted_makes_room_once_somebody_says_so(world):
    world.aws.deny("list_keys")
    world.rotate()
    world.clock.advance(10 * DAY)
    world.rotate()
    (old,) = world.access_keys(KeyState.RETIRING)
    assert not clear_up(world, old), "Keyturn ends it by itself"
    world.aws.remove_key(old.access_key_id)
    world.pass_time(2 * DAY)
    (old,) = world.access_keys(KeyState.RETIRING)
    assert old.error_code == "unknown_key"
    assert clear_up(world, old)
    assert [key.state for key in world.access_keys()] == [KeyState.DELETED, KeyState.ACTIVE]


@pytest.mark.parametrize("code", ["key_is_published", "key_in_connection", "throttled"])
def test_never_a_key_that_is_needed_or_that_is_tried_again(world, code):
    world.rotate()
    world.clock.advance(10 * DAY)
    world.rotate()
    (old,) = world.access_keys(KeyState.RETIRING)
    old.error_code = code
    world.session.commit()
    assert not clear_up(world, old)


def test_never_the_key_that_programs_read(world):
    world.rotate()
    (current,) = world.access_keys(KeyState.ACTIVE)
    current.error_code = "unknown_key"
    world.session.commit()
    assert not clear_up(world, current)
