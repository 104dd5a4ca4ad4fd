"""An access key's life: the moves that it may make, each made once."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy.exc import IntegrityError

from models import AccessKey, KeyState, RotationStrategy
from models.access_key import AT_AWS, TRANSITIONS, claim_look, move
from tests import turned
from tests.fake_clock import START

MOVES = [(old, new) for old, news in TRANSITIONS.items() for new in sorted(news)]
PAUSE = timedelta(minutes=1)


@pytest.fixture
def session(store):
    return store.session()


@pytest.fixture
def strategy(store, session):
    made = turned.strategy(session, store.keyring, store.project(session))
    session.commit()
    return made


def key_in(session, strategy, state, **columns) -> str:
    made = turned.key(session, strategy, None, state, **columns).id
    session.commit()
    return made


def state_of(session, key_id) -> str:
    return session.get_one(AccessKey, key_id, populate_existing=True).state


def test_every_state_has_its_moves():
    assert set(TRANSITIONS) == set(KeyState)
    assert TRANSITIONS[KeyState.DELETED] == frozenset()


def test_every_key_can_end():
    for state in KeyState:
        seen, reached = set(), {state}
        while reached != seen:
            seen = set(reached)
            reached |= {new for old in seen for new in TRANSITIONS[old]}
        assert KeyState.DELETED in reached


def test_what_is_deleted_never_comes_back():
    for old, _ in MOVES:
        assert old is not KeyState.DELETED
    assert KeyState.DELETED not in AT_AWS
    assert KeyState.LOST not in AT_AWS


@pytest.mark.parametrize(("old", "new"), MOVES)
def test_a_move_is_made(session, strategy, old, new):
    key_id = key_in(session, strategy, old)
    assert move(session, key_id, old, new, access_key_id="AKIAEXAMPLE123456789", look_at=START)
    assert state_of(session, key_id) == new
    assert session.get_one(AccessKey, key_id).look_at == START


@pytest.mark.parametrize(("old", "new"), sorted(set(product(KeyState, KeyState)) - set(MOVES)))
def test_any_other_is_a_mistake(session, old, new):
    with pytest.raises(ValueError, match=f"doesn't go from {old} to {new}"):
        move(session, "any", old, new)


def test_who_comes_too_late_changes_nothing(session, strategy):
    key_id = key_in(session, strategy, KeyState.RETIRING)
    assert not move(session, key_id, KeyState.CREATED, KeyState.ACTIVE, ended_by="bob")
    assert state_of(session, key_id) == KeyState.RETIRING
    assert session.get_one(AccessKey, key_id).ended_by == ""


def test_one_key_is_published_at_a_time(session, strategy):
    key_in(session, strategy, KeyState.ACTIVE)
    second = key_in(session, strategy, KeyState.CREATED)
    with pytest.raises(IntegrityError):
        move(session, second, KeyState.CREATED, KeyState.ACTIVE)


def test_another_strategys_does_not_count(store, session, strategy):
    key_in(session, strategy, KeyState.ACTIVE)
    other = turned.strategy(session, store.keyring, store.project(session), "other")
    assert key_in(session, other, KeyState.ACTIVE)


@pytest.mark.parametrize("state", AT_AWS)
def test_a_key_that_aws_has_has_an_id(session, strategy, state):
    key_id = key_in(session, strategy, state)
    session.get_one(AccessKey, key_id).access_key_id = None
    with pytest.raises(IntegrityError, match="known"):
        session.flush()


def test_a_look_is_taken_once(session, strategy):
    key_id = key_in(session, strategy, KeyState.RETIRING, look_at=START)
    assert claim_look(session, key_id, START, PAUSE)
    assert not claim_look(session, key_id, START, PAUSE)
    assert claim_look(session, key_id, START + PAUSE, PAUSE)
    assert session.get_one(AccessKey, key_id, populate_existing=True).looks == 2


@pytest.mark.parametrize("look_at", [None, START + timedelta(seconds=1)])
def test_a_key_that_is_not_due_is_not_looked_at(session, strategy, look_at):
    key_id = key_in(session, strategy, KeyState.RETIRING, look_at=look_at)
    assert not claim_look(session, key_id, START, PAUSE)


def test_a_strategys_keys_go_with_it(store, session, strategy):
    key_id = key_in(session, strategy, KeyState.RETIRING)
    session.delete(session.get_one(RotationStrategy, strategy.id))
    session.commit()
    assert session.get(AccessKey, key_id) is None
