"""The tab's pages, put together by the database, are those of the list that is sorted strategy by strategy."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from models import KeyState, RotationStrategy
from tests import turned
from tests.fake_clock import START
from views.shown import facts
from views.shown.listing import Search, standings
from views.shown.paging import Tab
from views.shown.state import Group

LATE = timedelta(seconds=15)
HOUR = timedelta(hours=1)


def a_strategy(session, keyring, project, chance, number):
    """One in any state."""
    made = turned.strategy(
        session, keyring, project, f"user-{number:02}", environment=chance.choice(["production", "staging"]),
        path=chance.choice(["", f"/shared/{number}"]), due_in=chance.choice([-1, 5, 5, 9]) * HOUR,
        retry_at=chance.choice([None, None, START + HOUR]), paused_at=chance.choice([None, None, START - HOUR]),
        deleting_at=chance.choice([None] * 8 + [START]),
    )  # fmt: skip
    for _ in range(chance.choice([0, 1, 2])):
        turned.succeeded(session, made, at=START - 3 * HOUR)
    chance.choice([
        lambda: None, lambda: None, lambda: turned.rotation(session, made),
        lambda: turned.failed(session, made, "throttled", at=START - chance.choice([2, 0]) * HOUR),
        lambda: turned.key(session, made, None, KeyState.LOST),
        lambda: turned.key(
            session, made, None, KeyState.RETIRING, replaced_at=START - 2 * HOUR, retire_at=START - HOUR,
            last_used_at=START - chance.choice([1, 3]) * HOUR,
        ),
        lambda: turned.key(session, made, None, KeyState.CREATED, error_code=chance.choice(["throttled", "two_keys"])),
    ])()  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_pages_are_those_of_the_whole_list(session, keyring, payments, seed):
    chance = random.Random(seed)
    for number in range(30):
        a_strategy(session, keyring, payments, chance, number)
    ids = session.scalars(select(RotationStrategy.id)).all()
    everything = standings(facts.overview(session, payments.id, ids), START, LATE)
    searches = [Search(text, place, group) for text in ("", "er-1", "SHARED") for place in ("", "staging")
                for group in ("", "overdue", *Group)]  # fmt: skip
    for search in searches:
        expected = [one.facts.strategy.id for one in everything if search.finds(one)]
        tab = Tab(session, payments.id, START, LATE)
        pages = [tab.ids(search, start, 7) for start in range(0, 35, 7)]
        assert [each for page in pages for each in page] == expected == tab.ids(search), search
        assert tab.count(search) == len(expected)
    assert tab.attention == sum(one.state.group is Group.ATTENTION for one in everything) > 0
