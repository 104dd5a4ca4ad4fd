from __future__ import annotations

from datetime import timedelta

import pytest

from models import Action, AuditEntry, RotationStrategy, Secret
from tests import turned
from tests.conftest import PASSWORD
from tests.fake_clock import START

URL = "/projects/payments/strategies/1/delete"
LIST = "/projects/payments/strategies"
DAY = timedelta(days=1)


def strategies(session):
    session.expire_all()
    return session.query(RotationStrategy).all()


def test_asks_what_is_to_become_of_the_keys(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - DAY, key_id="AKIAEXAMPLE2T7Q4FVKD")
    for answer in (bob_client.get(URL), bob_client.get(URL, htmx=True)):
        assert "Delete the strategy of billing-api?" in answer.text
        assert 'value="keep" id="keys-keep" checked' in answer.text
        assert "AKIA…FVKD" in answer.text
    assert "<html" in bob_client.get(URL).text
    assert answer.text.startswith('<div hx-swap-oob="innerHTML:#dialog">')


def test_leaves_the_keys_working_by_default(bob_client, session, sent, billing):
    turned.succeeded(session, billing, at=START - DAY)
    answer = bob_client.post(URL, data={"keys": "keep"})
    assert (answer.status_code, answer.location) == (303, LIST)
    assert strategies(session) == []
    assert session.query(Secret).count() == 2
    assert sent.keys == []
    assert session.query(AuditEntry).filter_by(action=Action.STRATEGY_DELETE.value).one().thing == "billing-api"
    assert "The strategy of billing-api is deleted" in bob_client.get(LIST).text


def test_goes_to_the_list_from_a_dialog(bob_client, session, sent, billing):
    answer = bob_client.post(URL, data={"keys": "keep"}, htmx=True)
    assert answer.headers["HX-Redirect"] == LIST
    assert strategies(session) == []


def test_deletes_the_keys_that_it_made_when_told_so(bob_client, session, sent, billing):
    turned.key(session, billing, None, turned.KeyState.ACTIVE, intent_at=START - 2 * DAY)
    turned.succeeded(session, billing, at=START - DAY)
    bob_client.post(URL, data={"keys": "delete", "confirm": "billing-api"})
    (left,) = strategies(session)
    assert left.deleting_at == START
    made = session.query(turned.AccessKey).filter_by(state="active").one()
    assert sent.keys == [made.id]
    page = bob_client.get(LIST).text
    assert "AWS deletes its keys since" in page
    assert "goes away once AWS has deleted its keys" in page


@pytest.mark.parametrize("confirm", ["", "billing", "Billing-API"])
def test_wants_the_name_typed_before_keys_are_deleted(bob_client, session, sent, billing, confirm):
    answer = bob_client.post(URL, data={"keys": "delete", "confirm": confirm}, htmx=True)
    assert answer.status_code == 422
    assert "Type billing-api exactly." in answer.text
    assert 'value="delete" id="keys-delete" checked' in answer.text
    assert strategies(session)[0].deleting_at is None


def test_asks_for_the_password_when_it_was_given_a_while_ago(bob_client, session, clock, sent, billing):
    assert "Your password" not in bob_client.get(URL).text
    clock.advance(16 * 60)
    assert "Your password" in bob_client.get(URL).text
    assert "Your password once more" in bob_client.post(URL, data={"keys": "keep"}).text
    assert len(strategies(session)) == 1
    bob_client.post(URL, data={"keys": "keep", "confirm_password": PASSWORD})
    assert strategies(session) == []


def test_waits_for_a_worker_that_turns_the_key(bob_client, session, sent, billing):
    turned.rotation(session, billing, lease_until=START + timedelta(minutes=1), lease_owner="worker-1")
    answer = bob_client.post(URL, data={"keys": "keep"}, htmx=True)
    assert answer.status_code == 422
    assert "A worker turns this key at this moment" in answer.text
    assert len(strategies(session)) == 1


def test_a_rotation_that_only_waits_goes_with_it(bob_client, session, sent, billing):
    turned.rotation(session, billing)
    bob_client.post(URL, data={"keys": "keep"})
    assert strategies(session) == []


def test_a_deletion_that_is_stuck_can_be_given_up(bob_client, session, sent, billing):
    turned.succeeded(session, billing, at=START - DAY)
    bob_client.post(URL, data={"keys": "delete", "confirm": "billing-api"})
    bob_client.post(URL, data={"keys": "keep"})
    assert strategies(session) == []


def test_refuses_what_the_page_does_not_offer(bob_client, session, billing):
    assert bob_client.post(URL, data={"keys": "burn"}).status_code == 400
    assert bob_client.post(URL, csrf=False).status_code == 400
    assert bob_client.put(URL).status_code == 405
    assert len(strategies(session)) == 1


def test_a_stranger_deletes_nothing(charlie_client, bob_client, session, billing):
    for url in (URL, "/projects/data-platform/strategies/1/delete"):
        assert charlie_client.get(url).status_code == 404
        assert charlie_client.post(url, data={"keys": "keep"}).status_code == 404
    assert bob_client.post("/projects/payments/strategies/2/delete").status_code == 404
    assert len(strategies(session)) == 1
