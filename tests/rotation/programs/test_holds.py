"""A key lives at AWS as long as a program was told that it does, whatever the rules say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import HandsOut, KeyState, RetireWhen, ServiceToken
from models.programs.handed import hold_key
from rotation.ending import leaks, retirement, rules, wishes
from rotation.programs.handing import promise
from rotation.requests import OldKey
from tests.rotation.programs.readers import MARGIN_S, hand_out
from tests.rotation.world import DAY, HOUR, USER


@pytest.fixture
def world(world):
    """A strategy without any grace whose key programs are handed for ten days: longer than any of its rules."""
    world.change(hands_out=HandsOut.KEY.value, handed_s=10 * DAY, grace_s=0, quiet_s=0)
    world.rotate()
    return world


def lives(world, handed):
    return handed.pair.access_key_id in world.aws.keys_of(USER)


def row(world, handed):
    return next(key for key in world.access_keys() if key.access_key_id == handed.pair.access_key_id)


def test_no_rule_ends_it_before(world, token):
    handed = hand_out(world, token)
    assert world.aws.accepts(handed.pair)
    world.rotate()
    world.pass_time((handed.until - world.clock.now()).total_seconds() + MARGIN_S - 1)
    assert lives(world, handed)
    world.pass_time(5)
    assert not lives(world, handed)


def test_nor_does_its_deadline(world, token):
    world.change(retire_when=RetireWhen.DEADLINE.value, deadline_s=HOUR)
    handed = hand_out(world, token)
    world.rotate()
    world.pass_time(9 * DAY)
    assert lives(world, handed)


def test_the_next_rotation_waits_for_it(world, token):
    world.change(retire_when=RetireWhen.NEXT.value)
    handed = hand_out(world, token)
    world.rotate()
    world.pass_time(DAY)
    waiting = world.request()
    world.run(waiting)
    assert world.rotation(waiting).wait_code == "old_key_in_grace"
    assert lives(world, handed)
    world.pass_time(9 * DAY)
    assert world.finish(waiting).error_code == ""
    assert not lives(world, handed)


def test_what_nobody_was_handed_is_not_held(world):
    world.rotate()
    old = next(key for key in world.access_keys() if key.state == KeyState.RETIRING.value)
    assert old.held_until is None


def test_what_was_promised_is_no_shorter_afterwards(world, token):
    handed = hand_out(world, token)
    held = row(world, handed).held_until
    world.change(handed_s=HOUR)
    with world.new_session() as session:
        promise(session, world.strategy(), session.get_one(ServiceToken, token.id), world.clock.now(), MARGIN_S)
        session.commit()
    assert row(world, handed).held_until == held == handed.until + timedelta(seconds=MARGIN_S)


def test_a_replaced_key_is_promised_to_nobody_any_more(world, token):
    """A request that read before the publication and writes after it finds the new key."""
    handed = hand_out(world, token)
    key = row(world, handed)
    world.rotate()
    later = world.clock.now() + timedelta(days=99)
    assert not hold_key(world.session, key.id, later)
    assert hold_key(world.session, key.id, later, replaced=True), "what it signed for serves until the next is fetched"
    wishes.end_now(world.session, key, "alice", world.clock.now())
    assert not hold_key(world.session, key.id, later, replaced=True), "it is being ended"


@pytest.mark.parametrize(
    ("rule", "where", "judge"), [(RetireWhen.QUIET, retirement, "end_at"), (RetireWhen.NEXT, rules, "makes_room")]
)
def test_what_it_signed_for_may_be_told_until_its_end_begins(world, token, monkeypatch, rule, where, judge):
    """A request writes between a worker's judging that the key's time has come and its first step to end it."""
    world.change(retire_when=rule.value)
    handed = hand_out(world, token)
    world.rotate()
    old = row(world, handed)
    world.clock.advance((old.held_until - world.clock.now()).total_seconds() + 1)
    judged = getattr(where, judge)

    def tell_first(*args):
        said = judged(*args)
        monkeypatch.undo()
        with world.new_session() as session:
            assert hold_key(session, old.id, world.clock.now() + timedelta(days=1), replaced=True)
            session.commit()
        return said

    monkeypatch.setattr(where, judge, tell_first)
    world.run(world.request())
    with world.new_session() as session:
        retirement.look(world.tools(session), old.id)
    assert lives(world, handed)
    assert row(world, handed).state == KeyState.RETIRING.value


@pytest.mark.parametrize("how", ["retire now", "at the button"])
def test_a_person_may_end_it_knowingly(world, token, how):
    handed = hand_out(world, token)
    world.rotate()
    if how == "retire now":
        wishes.end_now(world.session, row(world, handed), "alice", world.clock.now())
        world.session.commit()
        world.pass_time(5)
    else:
        world.rotate(old_key=OldKey.END)
    assert not lives(world, handed)


def test_a_compromised_key_is_not_kept_for_anybody(world, token):
    handed = hand_out(world, token)
    leaks.mark(world.session, row(world, handed), "alice", world.clock.now())
    world.session.commit()
    world.rotate()
    world.pass_time(60)
    assert not lives(world, handed)
