"""The audit log, filtered and page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.audit import Action, record
from models.reading.log import Cursor, Filter, read_all, read_page
from tests.fake_clock import START

HOUR = timedelta(hours=1)


@pytest.fixture
def write(store):
    def write(*, at=START, actor="alice", action=Action.SECRET_REVEAL, thing="production:/api TOKEN", **facts):
        session = store.session()
        record(session, at=at, actor=actor, action=action, thing=thing, **facts)
        session.commit()

    return write


def things(store, **wanted):
    return [entry.thing for entry in read_page(store.reader(), Filter(**wanted), 100).entries]


def test_newest_first_even_within_a_moment(store, write):
    for thing, hours in (("1", 0), ("2", 0), ("3", -1), ("4", 1)):
        write(thing=thing, at=START + hours * HOUR)
    assert things(store) == ["4", "2", "1", "3"]


def test_goes_on_where_it_stopped_while_new_entries_come(store, write):
    for number in range(5):
        write(thing=str(number), at=START if number < 3 else START + HOUR)
    first = read_page(store.reader(), Filter(), 2)
    write(thing="new", at=START + 2 * HOUR)
    second = read_page(store.reader(), Filter(), 2, Cursor.parse(str(first.older)))
    last = read_page(store.reader(), Filter(), 2, second.older)
    assert [[entry.thing for entry in page.entries] for page in (first, second, last)] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]
    assert last.older is None


@pytest.mark.parametrize("text", ["1", "1-", "a-1", "1-2-3", "٣-1", "9" * 30 + "-1", "-1-1"])
def test_refuses_what_is_no_position(text):
    with pytest.raises(ValueError, match="not a position"):
        Cursor.parse(text)


def test_filters(store, write):
    write(thing="a", project_id=store.project_id, strategy_id=3, secret_id=7, actor="bob", address="192.0.2.1")
    write(thing="b", at=START + HOUR, action=Action.ROTATION_REQUEST, rotation=41)
    write(thing="c", at=START + 2 * HOUR, action=Action.SECRET_COPY)
    assert things(store, project_id=store.project_id) == ["a"]
    assert things(store, strategy_id=3) == things(store, secret_id=7) == things(store, actor="bob") == ["a"]
    assert things(store, action="secret") == ["c", "a"]
    assert things(store, action="secret.copy") == ["c"]
    assert things(store, action="s") == []
    assert things(store, since=START + HOUR, until=START + 2 * HOUR) == ["b"]
    assert things(store, text="rotation 41") == ["b"]
    assert things(store, text="192.0.2.1") == ["a"]
    assert things(store, text="192.0.2") == []


def test_searches_parts_of_what_it_was_done_to(store, write):
    write(thing="AKIAEXAMPLE2T7Q4FVKD")
    write(thing="production:/api TO_KEN 100%")
    assert things(store, text="akia…fvkd") == ["AKIAEXAMPLE2T7Q4FVKD"]
    assert things(store, text="to_k") == things(store, text="100%") == ["production:/api TO_KEN 100%"]
    assert things(store, text="T_7") == things(store, text="\\") == []


def test_reads_everything_in_batches(store, write):
    for number in range(7):
        write(thing=str(number))
    assert [entry.thing for entry in read_all(store.reader(), Filter(), batch=3)] == list("6543210")
