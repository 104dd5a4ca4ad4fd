"""Sweeps and workers that meet at what is to be told, over real transactions: each is done by one, and none is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from models import Delivery, Kind
from models.telling.deliveries import Outcome, claim_delivery, let_rest, next_try, send_again, settle, spread
from models.telling.outbox import tell
from rotation.telling.delivering import _TAKEN_FOR
from tests.databases.test_at_once import at_once
from tests.databases.test_locks import someone_waits
from tests.processes.processes import wait_for

FAILED = {"at": "2026-01-01T00:00:00+00:00", "status": 500, "said": "Sorry", "ok": False}
DELIVERED = {"at": "2026-01-01T00:00:00+00:00", "status": 204, "said": "", "ok": True}
NOWHERE = "https://example.com/hooks"
FAILING_FOR = timedelta(minutes=30)


@pytest.fixture
def world(any_world):
    return any_world


def happen(world, telling, times: int) -> None:
    """So many events, which nobody has been told of."""
    with world.new_session() as session, session.begin():
        for number in range(times):
            project_id = telling.project(session).id
            tell(session, Kind.ROTATION_FAILED, world.clock.now(), project_id=project_id, number=number)


def sweep(world, session) -> None:
    spread(session, world.clock.now(), 500)
    session.commit()


@pytest.fixture
def deliveries(world, telling):
    """The ids of three deliveries to one receiver, which has been failing for a while."""
    telling.webhook(NOWHERE)
    happen(world, telling, 3)
    with world.new_session() as session:
        sweep(world, session)
        session.execute(update(Delivery).values(since=world.clock.now() - FAILING_FOR))
        session.commit()
    return [each.id for each in telling.deliveries()]


def claim(world, session, delivery_id: int) -> Delivery:
    now = world.clock.now()
    found = claim_delivery(session, delivery_id, now, now + _TAKEN_FOR)
    assert found is not None
    return found


def write(world, session, delivery: Delivery, answer: dict) -> None:
    """What a worker writes after its try, up to the commit."""
    now = world.clock.now()
    again = None if answer["ok"] else next_try(delivery.since, now)
    settle(session, delivery, now + _TAKEN_FOR, answer, again)
    if not answer["ok"]:
        let_rest(session, delivery, now, again)


def row(world, delivery_id: int) -> Delivery:
    with world.new_session() as session:
        return session.get_one(Delivery, delivery_id)


def test_sweeps_that_meet_make_one_delivery_for_each_receiver(world, telling):
    for name in ("deploys", "chat"):
        telling.webhook(NOWHERE, name=name)
    happen(world, telling, 40)
    at_once(world, lambda session: sweep(world, session))
    made = {(each.event_id, each.webhook_id) for each in telling.deliveries()}
    assert len(made) == len(telling.deliveries()) == 40 * 2


def test_one_worker_claims_a_delivery(world, deliveries):
    now = world.clock.now()
    claims = at_once(world, lambda session: claim_delivery(session, deliveries[0], now, now + _TAKEN_FOR))
    assert sum(each is not None for each in claims) == 1
    assert row(world, deliveries[0]).tries == 1


def test_one_that_is_on_its_way_isnt_undone_by_another_that_fails(world, deliveries):
    with world.new_session() as first, world.new_session() as second:
        mine, other = claim(world, first, deliveries[0]), claim(world, second, deliveries[1])
        write(world, second, other, FAILED)
        second.commit()
        write(world, first, mine, DELIVERED)
        first.commit()
    delivered = row(world, deliveries[0])
    assert (delivered.outcome, delivered.next_at, delivered.answers) == (Outcome.DELIVERED, None, [DELIVERED])
    assert row(world, deliveries[1]).outcome == Outcome.WAITING
    assert row(world, deliveries[2]).next_at == world.clock.now() + timedelta(minutes=5), "a dead receiver rests"


def test_a_worker_that_was_too_slow_changes_nothing(world, deliveries):
    with world.new_session() as slow, world.new_session() as other:
        mine, until = claim(world, slow, deliveries[0]), world.clock.now() + _TAKEN_FOR
        world.clock.set(until)
        write(world, other, claim(world, other, deliveries[0]), DELIVERED)
        other.commit()
        settle(slow, mine, until, FAILED, world.clock.now())
        slow.commit()
    assert row(world, deliveries[0]).answers == [DELIVERED]


def test_what_is_to_be_sent_again_meanwhile_is(world, deliveries):
    with world.new_session() as session, world.new_session() as person:
        mine = claim(world, session, deliveries[0])
        send_again(person.get_one(Delivery, deliveries[0]), world.clock.now())
        person.commit()
        write(world, session, mine, DELIVERED)
        session.commit()
    assert row(world, deliveries[0]).next_at == world.clock.now()


# SQLite has one lock for all, so that there nobody can hold one and wait for another.
@pytest.mark.postgres
@pytest.mark.parametrize("any_world", ["postgresql"], indirect=True)
def test_two_that_fail_at_once_dont_wait_for_each_other(world, deliveries):
    with ThreadPoolExecutor(1) as pool, world.new_session() as first, world.new_session() as second:
        mine, other = claim(world, first, deliveries[0]), claim(world, second, deliveries[1])
        settle(first, mine, world.clock.now() + _TAKEN_FOR, FAILED, world.clock.now())

        def fail() -> None:
            write(world, second, other, FAILED)
            second.commit()

        failed = pool.submit(fail)
        wait_for(lambda: failed.done() or someone_waits(world), "the other one")
        let_rest(first, mine, world.clock.now(), world.clock.now() + timedelta(hours=1))
        first.commit()
        failed.result()
    assert [len(row(world, each).answers) for each in deliveries] == [1, 1, 0]
