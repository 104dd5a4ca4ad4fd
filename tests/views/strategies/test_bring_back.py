"""An inactive old key: one button brings it back, another deletes it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models import AccessKey, Action, AuditEntry, KeyState
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import text_of

URL = "/projects/payments/strategies/1/old-key"
PAGE = "/projects/payments/strategies/1"
DAY = timedelta(days=1)


@pytest.fixture
def old(session, billing) -> AccessKey:
    """The strategy's old key, inactive since an hour."""
    turned.succeeded(session, billing, at=START - 38 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.succeeded(session, billing, at=START - 2 * DAY)
    old = session.query(AccessKey).filter_by(state=KeyState.RETIRING.value).one()
    old.state, old.deactivated_at = KeyState.DEACTIVATED.value, START - timedelta(hours=1)
    old.retire_at = START + timedelta(hours=23)
    billing.can_deactivate = True
    session.flush()
    return old


def test_says_that_it_is_inactive_and_until_when(bob_client, old):
    page = text_of(bob_client.get(PAGE))
    assert "The old key is inactive" in page
    assert "it is deleted Wed 25 Nov 2026, 11:00" in page
    assert "Inactive" in text_of(bob_client.get(f"{PAGE}/timeline", htmx=True))
    assert "inactive for 24 hours, then deleted" in page


def test_brings_it_back(bob_client, session, sent, old):
    answer = bob_client.post(f"{URL}/back", data={"key": old.id})
    assert (answer.status_code, answer.location) == (303, f"{PAGE}#old-key")
    session.refresh(old)
    assert (old.returned_by, old.look_at) == ("bob", START)
    assert sent.keys == [old.id]
    assert session.query(AuditEntry).filter_by(action=Action.KEY_BRING_BACK.value).one().actor == "bob"
    assert "bob brings it back now" in text_of(bob_client.get(PAGE))


def test_watches_it_come_back(bob_client, session, sent, old):
    card = bob_client.post(f"{URL}/back", data={"key": old.id}, htmx=True).text
    poll = re.search(r'id="old-key"[^>]* hx-get="([^"]+)"', card)[1].replace("&amp;", "&")
    assert bob_client.get(poll, htmx=True).status_code == 204
    old.state, old.returned_by, old.deactivated_at = KeyState.RETIRING.value, "", None
    news = bob_client.get(poll, htmx=True).text
    assert "The old key is active again." in news
    assert "Who still uses the old key" in news


def test_only_the_inactive_key_that_was_shown(bob_client, charlie_client, session, sent, old):
    for key in ("", "another"):
        assert bob_client.post(f"{URL}/back", data={"key": key}).status_code == 404
    assert charlie_client.post(f"{URL}/back", data={"key": old.id}).status_code == 404
    assert bob_client.get(f"{URL}/back").status_code == 405
    old.state = KeyState.RETIRING.value
    assert bob_client.post(f"{URL}/back", data={"key": old.id}).status_code == 404
    assert not sent.keys


def test_deletes_it_now(bob_client, session, sent, old):
    dialog = text_of(bob_client.get(f"{URL}/end", htmx=True))
    assert "Delete the inactive key now?" in dialog
    assert "be undone" in dialog
    bob_client.post(f"{URL}/end", data={"key": old.id, "sure": "yes"})
    session.refresh(old)
    assert old.ended_by == "bob"


def test_ending_an_active_one_says_that_it_can_be_brought_back(bob_client, session, billing, sent, old):
    old.state, old.deactivated_at = KeyState.RETIRING.value, None
    assert "deactivated at AWS, and deleted 24 hours later" in text_of(bob_client.get(f"{URL}/end", htmx=True))
    billing.can_deactivate = False
    assert "It is deleted at AWS, which" in text_of(bob_client.get(f"{URL}/end", htmx=True))
