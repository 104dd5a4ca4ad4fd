"""Whether the work is done in time."""

from __future__ import annotations

from datetime import timedelta

from models import RotationStrategy
from models.heartbeat import beat
from models.reading.health import last_sweep, work
from tests import turned
from tests.fake_clock import START

LATE = timedelta(seconds=15)


def numbers(store):
    return work(store.reader(), START, LATE)


def change(store, strategy_id, **values):
    session = store.session()
    strategy = session.get_one(RotationStrategy, strategy_id)
    for name, value in values.items():
        setattr(strategy, name, value)
    session.commit()


def test_nothing_to_do(store):
    store.strategy()
    found = numbers(store)
    assert (found.due, found.overdue, found.open, found.stuck, found.keys_late) == (0, 0, 0, 0, 0)


def test_due_then_overdue_but_not_while_paused(store):
    strategy_id, *_ = store.strategy()
    change(store, strategy_id, due_at=START)
    assert (numbers(store).due, numbers(store).overdue) == (1, 0)
    change(store, strategy_id, due_at=START - LATE)
    assert (numbers(store).due, numbers(store).overdue) == (1, 1)
    change(store, strategy_id, paused_at=START)
    assert (numbers(store).due, numbers(store).overdue) == (0, 0)


def test_not_due_while_a_rotation_waits_for_its_old_key(store):
    strategy_id, *_ = store.strategy()
    change(store, strategy_id, due_at=START - LATE)
    session = store.session()
    turned.rotation(session, session.get_one(RotationStrategy, strategy_id), at=START - LATE, wait_until=START + LATE)
    session.commit()
    assert (numbers(store).due, numbers(store).overdue) == (0, 0)


def test_a_rotation_that_nobody_works_on(store):
    strategy_id, *_ = store.strategy()
    session = store.session()
    rotation = turned.rotation(session, session.get_one(RotationStrategy, strategy_id), at=START - LATE)
    session.commit()
    assert (numbers(store).open, numbers(store).stuck) == (1, 1)
    rotation.lease_until = START + LATE
    session.commit()
    assert (numbers(store).open, numbers(store).stuck) == (1, 0)
    rotation.lease_until, rotation.wait_until = None, START
    session.commit()
    assert (numbers(store).open, numbers(store).stuck) == (1, 0)


def test_last_sweep(store):
    assert last_sweep(store.reader()) is None
    session = store.session()
    beat(session, "sweep", START)
    session.commit()
    assert last_sweep(store.reader()) == START
