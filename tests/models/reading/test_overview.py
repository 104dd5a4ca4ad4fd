"""The list of projects, and the way to the first turned key."""

from __future__ import annotations

from datetime import timedelta

from models import RotationStrategy
from models.project import create_project
from models.reading.overview import first_steps, summaries
from tests import turned
from tests.fake_clock import START


def steps(store):
    session = store.reader()
    return first_steps(session, store.project(session)).done_names


def test_step_by_step(store):
    assert steps(store) == []
    store.add("A")
    assert steps(store) == []
    store.add("B")
    assert steps(store) == ["secrets"]
    strategy_id, *_ = store.strategy()
    assert steps(store) == ["connection", "secrets", "strategy"]
    session = store.session()
    turned.succeeded(session, session.get_one(RotationStrategy, strategy_id), at=START - timedelta(days=1))
    session.commit()
    assert steps(store) == ["connection", "secrets", "strategy", "rotation"]


def test_each_projects_own_numbers(store):
    strategy_id, *_ = store.strategy()
    session = store.session()
    other = create_project(session, store.keyring, "other", START).id
    turned.succeeded(session, session.get_one(RotationStrategy, strategy_id), at=START - timedelta(days=1))
    session.commit()
    found = summaries(store.reader(), [store.project_id, other])
    mine, theirs = found[store.project_id], found[other]
    assert (mine.secrets, mine.strategies) == (2, 1)
    assert START - mine.turned_at < timedelta(days=2)
    assert (theirs.secrets, theirs.strategies, theirs.turned_at) == (0, 0, None)
