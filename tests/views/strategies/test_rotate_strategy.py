from __future__ import annotations

from datetime import timedelta

import pytest

from models import Action, AuditEntry, Rotation, State
from tests import turned
from tests.conftest import PASSWORD
from tests.fake_clock import START

URL = "/projects/payments/strategies/1/rotate"
DAY = timedelta(days=1)


@pytest.fixture
def old_key(session, billing):
    """The strategy's old key, in its grace."""
    turned.succeeded(session, billing, at=START - 30 * DAY)
    turned.succeeded(session, billing, at=START - timedelta(hours=2))
    return session.query(turned.AccessKey).filter_by(state="retiring").one()


def rotations(session):
    session.expire_all()
    return session.query(Rotation).filter(Rotation.ended_at.is_(None)).all()


def test_queues_a_rotation_and_goes_to_its_page(bob_client, session, sent, billing):
    answer = bob_client.post(URL)
    (made,) = rotations(session)
    assert (answer.status_code, answer.location) == (303, f"/projects/payments/rotations/{made.id}")
    assert (made.state, made.trigger, made.requested_by, made.end_old_key) == ("queued", "button", "bob", False)
    assert sent.rotations == [made.id]
    entry = session.query(AuditEntry).filter_by(action=Action.ROTATION_REQUEST.value).one()
    assert (entry.actor, entry.thing, entry.strategy_id) == ("bob", "billing-api", 1)


def test_the_row_of_the_list_shows_it_running(bob_client, session, sent, billing):
    answer = bob_client.post(URL, data={"from": "list"}, htmx=True)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<tbody id="strategy-1" hx-get=')
    assert "Queued" in answer.text
    assert len(rotations(session)) == 1


def test_the_strategys_page_shows_the_steps(bob_client, session, sent, billing):
    answer = bob_client.post(URL, data={"from": "detail"}, htmx=True)
    (made,) = rotations(session)
    assert f'id="rotation-{made.id}" hx-get="/projects/payments/rotations/{made.id}/progress?' in answer.text
    assert "on=strategy" in answer.text
    assert 'hx-swap-oob="true" class="kt-head" id="strategy-head"' in answer.text
    assert f"Rotation {made.id} is running; one at a time for a user." in answer.text


def test_a_second_press_shows_the_one_that_runs(bob_client, alice_client, session, sent, billing):
    first = bob_client.post(URL)
    second = alice_client.post(URL)
    assert second.location == first.location
    assert len(rotations(session)) == 1
    assert rotations(session)[0].requested_by == "bob"


def test_says_that_nobody_works_and_queues_all_the_same(bob_client, session, sent, billing, system):
    system.trouble = "redis"
    answer = bob_client.post(URL, data={"from": "detail"}, htmx=True)
    assert "The queue can&#39;t be reached: the rotation waits" in answer.text
    assert len(rotations(session)) == 1


@pytest.mark.parametrize("origin", ["list", "detail", "rotation", ""])
def test_asks_what_is_to_become_of_an_old_key(bob_client, session, sent, old_key, origin):
    answer = bob_client.post(URL, data={"from": origin}, htmx=True)
    assert answer.text.startswith('<div hx-swap-oob="innerHTML:#dialog">')
    assert "billing-api still has its old key" in answer.text
    assert f'name="from" value="{origin}"' in answer.text
    assert 'value="wait" id="old-key-wait" checked' in answer.text
    assert rotations(session) == []
    assert sent.rotations == []


def test_asks_on_a_page_of_its_own_without_javascript(bob_client, session, old_key):
    answer = bob_client.post(URL)
    assert answer.status_code == 200
    assert "<html" in answer.text
    assert 'name="old_key" value="end"' in answer.text


def test_waits_for_the_old_key(bob_client, session, sent, old_key):
    answer = bob_client.post(URL, data={"old_key": "wait"})
    (made,) = rotations(session)
    assert answer.location == f"/projects/payments/rotations/{made.id}"
    assert not made.end_old_key
    assert sent.rotations == [made.id]


def test_ends_the_old_key_on_demand(bob_client, session, sent, old_key):
    bob_client.post(URL, data={"old_key": "end"})
    assert rotations(session)[0].end_old_key


def test_ending_it_asks_for_the_password_when_it_was_given_a_while_ago(bob_client, session, clock, sent, old_key):
    clock.advance(16 * 60)
    answer = bob_client.post(URL, data={"old_key": "end", "from": "list"}, htmx=True)
    assert "Your password once more" in answer.text
    assert rotations(session) == []
    wrong = bob_client.post(URL, data={"old_key": "end", "from": "list", "confirm_password": "no"}, htmx=True)
    assert wrong.status_code == 422
    assert rotations(session) == []
    right = bob_client.post(URL, data={"old_key": "end", "from": "list", "confirm_password": PASSWORD}, htmx=True)
    assert right.status_code == 200
    assert rotations(session)[0].end_old_key


def test_the_dialog_closes_and_the_row_changes(bob_client, session, sent, old_key):
    answer = bob_client.post(URL, data={"old_key": "wait", "from": "list"}, htmx=True)
    assert "close-dialog" in answer.headers["HX-Trigger"]
    assert '<template><tbody hx-swap-oob="true" id="strategy-1"' in answer.text


@pytest.mark.parametrize("origin", ["detail", "rotation"])
def test_the_dialog_leads_on_from_a_page(bob_client, session, sent, old_key, origin):
    answer = bob_client.post(URL, data={"old_key": "wait", "from": origin}, htmx=True)
    assert answer.headers["HX-Redirect"].startswith("/projects/payments/")


def test_a_paused_strategy_still_rotates_by_button(bob_client, session, sent, billing):
    billing.paused_at, billing.due_at = START, None
    bob_client.post(URL)
    assert len(rotations(session)) == 1


def test_refuses_what_the_page_does_not_offer(bob_client, session, sent, billing):
    assert bob_client.post(URL, data={"old_key": "burn"}).status_code == 400
    billing.deleting_at = START
    assert bob_client.post(URL).status_code == 400
    assert rotations(session) == []


def test_refuses_a_request_from_another_site(bob_client, session, billing):
    assert bob_client.post(URL, csrf=False).status_code == 400
    assert rotations(session) == []


def test_a_get_changes_nothing(bob_client, session, billing):
    assert bob_client.get(URL).status_code == 405
    assert rotations(session) == []


def test_a_stranger_rotates_nothing(charlie_client, session, billing):
    assert charlie_client.post(URL).status_code == 404
    assert charlie_client.post("/projects/data-platform/strategies/1/rotate").status_code == 404
    assert rotations(session) == []


def test_everybody_sees_the_same(bob_client, alice_client, session, sent, billing):
    bob_client.post(URL)
    made = rotations(session)[0]
    made.state, made.started_at, made.good_rounds = State.VERIFYING.value, START, 3
    for client in (bob_client, alice_client):
        assert "3 of 8 rounds" in client.get("/projects/payments/strategies").text
