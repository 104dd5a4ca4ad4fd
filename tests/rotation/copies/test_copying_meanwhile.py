"""What others do while a worker is at a copy: none undoes it, nothing is forgotten, and one alone is at it."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from models import Copy, Destination, Secret
from models.copies.copy import claim_copy
from models.copies.wanting import want_copy, want_destination
from rotation.copies.copying import TAKEN_FOR, Copier, copy_once
from rotation.copies.store import StoreError, Why
from tests.databases.test_at_once import PEOPLE, at_once
from tests.rotation.copies.conftest import NAMES


@pytest.fixture
def world(any_world):
    return any_world


def test_one_worker_claims_it(world, copying):
    copy_id, now = copying.add(), world.clock.now()
    claims = at_once(world, lambda session: claim_copy(session, copy_id, now, now + TAKEN_FOR))
    assert sum(claim is not None for claim in claims) == 1
    assert copying.row(copy_id).tries == 1


def test_workers_who_meet_at_it_write_each_name_once(world, copying, shelf):
    copy_id = copying.add()
    came = at_once(world, lambda session: copy_once(Copier(session, world.keyring, world.clock), copy_id))
    assert sorted(came, key=str) == [None] * (PEOPLE - 1) + [True]
    assert sorted(shelf.writes) == [[name] for name in sorted(NAMES.values())]
    assert shelf.holds == {"FOREIGN": "theirs"} | copying.pair()


def test_people_who_ask_for_it_together_are_all_served(world, copying, shelf):
    copy_id = copying.add()
    at_once(world, lambda session: want_copy(session, copy_id, world.clock.now()))
    assert copying.row(copy_id).wanted == 1 + PEOPLE
    assert copying.sweep() == [True]
    assert not copying.row(copy_id).is_behind


def test_nobody_else_takes_it_meanwhile(world, copying, shelf):
    copy_id = copying.add()
    came = []
    shelf.before = lambda _name: came.append(copying.work(copy_id))
    assert copying.work(copy_id) is True
    assert came == [None, None]


def test_what_changes_meanwhile_is_copied_next(world, copying, shelf, at_path, add_secret):
    secret_id = add_secret("TOKEN")
    copy_id = copying.add(**at_path)

    def change(_name):
        shelf.after = lambda _name: None
        copying.change(secret_id, b"second")

    shelf.after = change
    copying.work(copy_id)
    assert copying.row(copy_id).is_behind
    assert copying.sweep() == [True]
    assert shelf.holds["BILLING_TOKEN"] == "second"
    assert not copying.row(copy_id).is_behind


def take_over(world, copying, shelf, copy_id, meanwhile=lambda: None):
    """While the first worker is at its first name, its time runs out and another one does all there is to do."""

    def overrun(_name):
        shelf.after = lambda _name: None
        world.clock.advance(TAKEN_FOR.total_seconds())
        meanwhile()
        assert copying.work(copy_id) is True

    shelf.after = overrun


def state(copying, copy_id):
    row = copying.row(copy_id)
    return row.confirmed, row.wanted, row.written, row.made, row.busy_until, row.next_at, row.why, row.copied_at


@pytest.mark.parametrize("then", ["goes on", "fails"])
def test_a_worker_whose_time_ran_out_changes_nothing(world, copying, shelf, then):
    copy_id, left = copying.add(), []
    take_over(world, copying, shelf, copy_id, lambda: None)
    overrun = shelf.after

    def after(name):
        overrun(name)
        left.append(state(copying, copy_id))
        if then == "fails":
            raise StoreError(Why.UNREACHABLE)

    shelf.after = after
    assert copying.work(copy_id) is False
    assert [state(copying, copy_id)] == left
    assert not copying.row(copy_id).is_behind
    assert copying.told() == ["copy.confirm"]


def test_one_that_removes_a_copy_too(world, copying, shelf):
    copy_id = copying.add()
    copying.sweep()
    copying.remove(copy_id)

    def overrun(_name):
        shelf.before = lambda _name: None
        world.clock.advance(TAKEN_FOR.total_seconds())
        # Somebody else has it, and hasn't come to its end yet.
        with world.new_session() as session, session.begin():
            session.get_one(Copy, copy_id).busy_until = world.clock.now() + TAKEN_FOR

    shelf.before = overrun
    assert copying.work(copy_id) is False
    assert copying.row(copy_id) is not None


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("writes_whole", [True, False])
def test_what_is_wanted_anew_meanwhile_is_written_anew(world, copying, shelf, number, writes_whole):
    """Whoever presses *Copy now* has seen that something there isn't right: all of it is written after that."""
    shelf.writes_whole, names = writes_whole, list(NAMES.values())
    copy_id = copying.add()

    def press(name):
        if name == names[number]:
            shelf.after = lambda _name: None
            shelf.holds[names[0]] = "somebody's change"
            copying.want(copy_id)

    shelf.after = press
    assert copying.work(copy_id) is False
    assert copying.row(copy_id).is_behind
    shelf.writes.clear()
    assert copying.sweep() == [True]
    assert {name for write in shelf.writes for name in write} == set(names)
    assert shelf.holds == {"FOREIGN": "theirs"} | copying.pair()
    assert sorted(copying.row(copy_id).made) == sorted(names), "what was made before is known"


def lead_elsewhere(world, copy_id):
    """What a person does who gives a destination another place."""
    with world.new_session() as session, session.begin():
        destination = session.get_one(Destination, session.get_one(Copy, copy_id).destination_id)
        destination.settings = {"place": "bottom"}
        want_destination(session, destination.id, world.clock.now(), moved=True)


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("writes_whole", [True, False])
def test_a_destination_that_leads_elsewhere_meanwhile_gets_everything(world, copying, shelf, number, writes_whole):
    shelf.writes_whole, names = writes_whole, list(NAMES.values())
    copy_id = copying.add()

    def move(name):
        if name == names[number]:
            shelf.after = lambda _name: None
            lead_elsewhere(world, copy_id)

    shelf.after = move
    assert copying.work(copy_id) is False
    row = copying.row(copy_id)
    assert (row.is_behind, row.written, row.made, row.copied_at) == (True, {}, [], None)
    shelf.holds = dict.fromkeys(names, "theirs")
    assert copying.sweep() == [True]
    assert shelf.holds == copying.pair()
    assert shelf.means[-1].settings == {"place": "bottom"}
    copying.remove(copy_id)
    assert copying.sweep() == [True]
    assert set(shelf.holds) == set(names), "they were there before"


def test_what_was_made_at_an_earlier_place_isnt_deleted_at_the_next(world, copying, shelf):
    copy_id = copying.add()
    copying.sweep()
    lead_elsewhere(world, copy_id)
    shelf.holds = {"AWS_ACCESS_KEY_ID": "theirs"}
    copying.sweep()
    assert copying.row(copy_id).made == ["AWS_SECRET_ACCESS_KEY"]
    copying.remove(copy_id)
    copying.sweep()
    assert sorted(shelf.holds) == ["AWS_ACCESS_KEY_ID"]


def test_that_a_name_is_taken_is_written_down_whoever_writes_meanwhile(world, copying, shelf):
    """On SQLite a transaction that has read can't write any more once another one has written."""
    destination = copying.destination()
    copying.add(destination, strategy_id=world.strategy_id, names={"access_key_id": "BILLING_AWS_ACCESS_KEY"})
    copying.sweep()
    with world.new_session() as session:
        place = session.get_one(Secret, world.strategy().access_key_secret_id)
    second = copying.add(destination, environment_id=place.environment_id, path=place.path, prefix="BILLING_")
    wrote = []

    def write(_connection, _cursor, statement, *_more):
        if "copies.written" in statement and "copies.id !=" in statement and not wrote:
            wrote.append(statement)
            copying.change(place.id, b"second")

    event.listen(world.db, "after_cursor_execute", write)
    try:
        assert copying.work(second) is False
    finally:
        event.remove(world.db, "after_cursor_execute", write)
    assert wrote
    assert (copying.row(second).why, copying.row(second).busy_until) == (Why.TAKEN, None)
