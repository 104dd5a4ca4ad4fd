"""Saying that a key which Keyturn can't end is gone at AWS."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AccessKey, Action, AuditEntry, KeyState, RotationStrategy
from tests import turned
from tests.conftest import PASSWORD
from tests.fake_clock import START

PAGE = "/projects/payments/strategies/1"
SURE = {"sure": "yes"}


@pytest.fixture
def lost(session, billing) -> AccessKey:
    """A key whose answer never came an hour ago, beside the one that programs read."""
    turned.succeeded(session, billing, at=START - timedelta(days=8), key_id="AKIAEXAMPLEMW5RXN3HC")
    return turned.key(session, billing, None, KeyState.LOST, intent_at=START - timedelta(hours=1))


@pytest.fixture
def url(lost) -> str:
    return f"{PAGE}/keys/{lost.id}/clear-up"


def state(session, key) -> str:
    session.expire_all()
    return session.get(AccessKey, key.id).state


def test_the_page_leads_to_the_two_commands(bob_client, url):
    assert f'href="{url}"' in bob_client.get(PAGE).text
    for answer in (bob_client.get(url), bob_client.get(url, htmx=True)):
        assert "aws iam list-access-keys --user-name billing-api" in answer.text
        assert "aws iam delete-access-key --user-name billing-api --access-key-id KEY" in answer.text
        assert "Never delete <code>AKIAEXAMPLEMW5RXN3HC</code>" in answer.text
    assert answer.text.startswith('<div hx-swap-oob="innerHTML:#dialog">')
    assert "<html" in bob_client.get(url).text


def test_works(bob_client, session, sent, lost, url):
    answer = bob_client.post(url, data=SURE)
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert state(session, lost) == KeyState.DELETED
    entry = session.query(AuditEntry).filter_by(action=Action.KEY_CLEAR_UP.value).one()
    assert (entry.actor, entry.thing, entry.address) == ("bob", "billing-api", "127.0.0.1")
    assert url not in bob_client.get(PAGE).text
    assert "cleared up at AWS" in bob_client.get("/projects/payments/audit").text


def test_wants_to_be_sure(bob_client, session, lost, url):
    answer = bob_client.post(url, htmx=True)
    assert answer.status_code == 422
    assert "Tick this once you have looked." in answer.text
    assert state(session, lost) == KeyState.LOST


def test_asks_for_the_password_when_it_was_given_a_while_ago(bob_client, session, clock, sent, lost, url):
    clock.advance(16 * 60)
    assert "Your password once more" in bob_client.post(url, data=SURE, htmx=True).text
    assert state(session, lost) == KeyState.LOST
    bob_client.post(url, data=SURE | {"confirm_password": PASSWORD}, htmx=True)
    assert state(session, lost) == KeyState.DELETED


def test_waits_while_aws_may_still_make_it(bob_client, session, lost, url):
    lost.intent_at = START - timedelta(minutes=5)
    assert "AWS may still carry out the request until" in bob_client.get(url).text
    assert 'name="sure"' not in bob_client.get(url).text
    assert bob_client.post(url, data=SURE).status_code == 422
    assert state(session, lost) == KeyState.LOST


def test_wakes_the_rotation_that_waits_for_room(bob_client, session, sent, billing, lost):
    turned.succeeded(session, billing, at=START - timedelta(days=4))
    (old,) = session.query(AccessKey).filter_by(state=KeyState.RETIRING.value)
    old.error_code = "unknown_key"
    waiting = turned.rotation(session, billing, wait_until=START + timedelta(hours=1), wait_code="old_key_in_grace")
    url = f"{PAGE}/keys/{old.id}/clear-up"
    assert url in bob_client.get(PAGE).text
    assert f"--access-key-id {old.access_key_id}" in bob_client.get(url).text
    bob_client.post(url, data=SURE)
    session.expire_all()
    assert waiting.wait_until == START
    assert sent.rotations == [waiting.id]


def test_ends_the_deletion_that_waits_for_it(bob_client, session, sent, billing):
    turned.succeeded(session, billing, at=START - timedelta(days=8))
    current = session.query(AccessKey).one()
    bob_client.post(f"{PAGE}/delete", data={"keys": "delete", "confirm": "billing-api"})
    page = bob_client.get(PAGE).text
    assert f"It waits for <code>{current.access_key_id}</code>" in page
    assert f'href="{PAGE}/delete"' in page
    assert "clear-up" not in page
    current.error_code = "unknown_key"
    url = f"{PAGE}/keys/{current.id}/clear-up"
    assert url in bob_client.get(PAGE).text
    answer = bob_client.post(url, data=SURE)
    assert answer.location == "/projects/payments/strategies"
    assert session.query(RotationStrategy).all() == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_key_but_one_that_needs_a_person(bob_client, session, billing, lost, method):
    (current,) = session.query(AccessKey).filter_by(state=KeyState.ACTIVE.value)
    for key_id in (current.id, "none"):
        assert getattr(bob_client, method)(f"{PAGE}/keys/{key_id}/clear-up").status_code == 404
    assert state(session, current) == KeyState.ACTIVE


def test_is_no_strangers_business(charlie_client, session, lost, url):
    assert charlie_client.get(url).status_code == 404
    assert charlie_client.post(url, data=SURE).status_code == 404
    assert state(session, lost) == KeyState.LOST


def test_refuses_a_request_from_another_site_and_a_wrong_method(bob_client, session, lost, url):
    assert bob_client.post(url, data=SURE, csrf=False).status_code == 400
    assert bob_client.put(url).status_code == 405
    assert state(session, lost) == KeyState.LOST
