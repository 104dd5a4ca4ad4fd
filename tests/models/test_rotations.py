"""A rotation's row: one open for a strategy, one for a due time, and a lease that one worker has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from models import Rotation, RotationStep, StepName
from models.rotation import claim, hold
from tests import turned
from tests.fake_clock import START

LEASE = timedelta(minutes=1)
LATER = START + LEASE


@pytest.fixture
def session(store):
    return store.session()


@pytest.fixture
def strategy(store, session):
    made = turned.strategy(session, store.keyring, store.project(session))
    session.commit()
    return made


@pytest.fixture
def rotation(session, strategy):
    made = turned.rotation(session, strategy)
    session.commit()
    return made


def again(session, rotation) -> Rotation:
    return session.get_one(Rotation, rotation.id, populate_existing=True)


def test_one_is_open_at_a_time(session, strategy, rotation):
    with pytest.raises(IntegrityError), session.begin_nested():
        turned.rotation(session, strategy)
    rotation.ended_at = START
    session.flush()
    assert turned.rotation(session, strategy).id != rotation.id


def test_a_due_time_leads_to_one(session, strategy, rotation):
    rotation.due_at, rotation.ended_at = START, START
    session.flush()
    with pytest.raises(IntegrityError):
        turned.rotation(session, strategy, due_at=START)


def test_rotations_by_button_have_no_due_time_to_share(session, strategy):
    for _ in range(2):
        assert turned.rotation(session, strategy, ended_at=START).due_at is None


def test_a_step_is_recorded_once(session, rotation):
    session.add_all(RotationStep(rotation_id=rotation.id, name=StepName.CLAIM, started_at=START) for _ in range(2))
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_claim_is_counted_and_lasts_for_the_lease(session, rotation):
    assert claim(session, rotation.id, "one", START, LEASE)
    assert not claim(session, rotation.id, "other", START, LEASE)
    assert not claim(session, rotation.id, "other", LATER - timedelta(microseconds=1), LEASE)
    assert claim(session, rotation.id, "other", LATER, LEASE)
    taken = again(session, rotation)
    assert (taken.lease_owner, taken.lease_until, taken.claims) == ("other", LATER + LEASE, 2)


def test_not_before_its_time(session, rotation):
    rotation.wait_until = LATER
    session.flush()
    assert not claim(session, rotation.id, "one", START, LEASE)
    assert claim(session, rotation.id, "one", LATER, LEASE)


def test_nor_after_its_end(session, rotation):
    rotation.ended_at = START
    session.flush()
    assert not claim(session, rotation.id, "one", START, LEASE)


def test_who_holds_it_writes_and_has_it_for_longer(session, rotation):
    claim(session, rotation.id, "one", START, LEASE)
    assert hold(session, rotation.id, "one", LATER, LEASE, good_rounds=2)
    held = again(session, rotation)
    assert (held.good_rounds, held.lease_until, held.lease_owner) == (2, LATER + LEASE, "one")


def test_who_gives_it_back_lets_the_next_one_in(session, rotation):
    claim(session, rotation.id, "one", START, LEASE)
    assert hold(session, rotation.id, "one", START, None)
    held = again(session, rotation)
    assert (held.lease_until, held.lease_owner) == (None, "")
    assert claim(session, rotation.id, "other", START, LEASE)


def test_who_lost_it_writes_nothing(session, rotation):
    claim(session, rotation.id, "one", START, LEASE)
    claim(session, rotation.id, "other", LATER, LEASE)
    assert not hold(session, rotation.id, "one", LATER, LEASE, good_rounds=8)
    assert again(session, rotation).good_rounds == 0


def test_who_gave_it_back_writes_nothing(session, rotation):
    claim(session, rotation.id, "one", START, LEASE)
    hold(session, rotation.id, "one", START, None)
    assert not hold(session, rotation.id, "one", START, LEASE, good_rounds=8)
    assert again(session, rotation).good_rounds == 0


def test_nothing_is_written_after_its_end(session, rotation):
    claim(session, rotation.id, "one", START, LEASE)
    hold(session, rotation.id, "one", START, LEASE, ended_at=START)
    assert not hold(session, rotation.id, "one", START, LEASE, good_rounds=8)
    assert again(session, rotation).good_rounds == 0


def test_a_strategy_writes_two_secrets_of_its_own(store, session, strategy):
    strategy.access_key_secret_id = strategy.secret_key_secret_id
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_target_has_one_strategy_however_it_is_spelled(store, session, strategy):
    other = turned.strategy(session, store.keyring, store.project(session), "other")
    other.set_target(strategy.user_name.upper(), turned.ACCOUNT)
    with pytest.raises(IntegrityError):
        session.flush()


def test_the_same_name_in_another_account_is_another_target(store, session, strategy):
    other = turned.strategy(session, store.keyring, store.project(session), "other")
    other.set_target(strategy.user_name, "999988887777")
    session.flush()
    assert other.target != strategy.target
