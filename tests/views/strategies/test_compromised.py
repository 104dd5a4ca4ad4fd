"""A compromised key: one button, one confirmation; and the way out when no new key can be made."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AccessKey, Action, AuditEntry, KeyState, Rotation
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import text_of

PAGE = "/projects/payments/strategies/1"
DAY = timedelta(days=1)


@pytest.fixture
def current(session, billing) -> AccessKey:
    """The key that programs read."""
    turned.succeeded(session, billing, at=START - 8 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    return session.query(AccessKey).filter_by(state=KeyState.ACTIVE.value).one()


def test_asks_once_and_says_what_it_does_not_stop(bob_client, current):
    assert f'href="{PAGE}/compromised"' in bob_client.get(PAGE).text
    dialog = text_of(bob_client.get(f"{PAGE}/compromised", htmx=True))
    assert "Is the current key compromised?" in dialog
    assert "is deactivated. It stays inactive as evidence until a person deletes it" in dialog
    assert "It doesn’t stop sessions" in dialog  # noqa: RUF001 - as the page has it
    assert "Delete the old key now to make room" not in dialog


def test_asks_for_a_rotation_and_marks_the_key(bob_client, session, sent, current):
    answer = bob_client.post(f"{PAGE}/compromised", data={"key": current.id})
    assert (answer.status_code, answer.location) == (303, PAGE)
    session.refresh(current)
    assert (current.leaked_at, current.leaked_by, current.state) == (START, "bob", KeyState.ACTIVE)
    (rotation,) = [row for row in session.query(Rotation) if row.is_open]
    assert sent.rotations == [rotation.id]
    entry = session.query(AuditEntry).filter_by(action=Action.KEY_LEAK.value).one()
    assert (entry.actor, entry.thing) == ("bob", "AKIAEXAMPLEMW5RXN3HC")
    page = text_of(bob_client.get(PAGE))
    assert "The key that programs read is compromised: AKIAEXAMPLEMW5RXN3HC" in page
    assert "It works until a new one is published" in page


def test_shows_the_policy_that_ends_sessions_filled_in(bob_client, current):
    current.leaked_at = START
    page = text_of(bob_client.get(PAGE))
    assert '"aws:TokenIssueTime": "2026-11-24T12:00:00Z"' in page
    assert "put-user-policy --user-name billing-api" in page


def test_with_two_keys_the_user_chooses(bob_client, session, billing, sent, current):
    turned.succeeded(session, billing, at=START - 2 * DAY)
    newest = session.query(AccessKey).filter_by(state=KeyState.ACTIVE.value).one()
    dialog = text_of(bob_client.get(f"{PAGE}/compromised", htmx=True))
    assert "Delete the old key now to make room" in dialog
    assert "The compromised key works until then" in dialog
    bob_client.post(f"{PAGE}/compromised", data={"key": newest.id, "old_key": "end"})
    assert session.query(Rotation).order_by(Rotation.id.desc()).first().end_old_key


def test_when_no_new_key_can_be_made_it_is_cut_off_knowingly(bob_client, session, billing, sent, current):
    current.leaked_at, current.leaked_by = START, "bob"
    turned.failed(session, billing, "two_keys", at=START - timedelta(minutes=1))
    assert "It still works, for there is no new key" in text_of(bob_client.get(PAGE))
    dialog = text_of(bob_client.get(f"{PAGE}/cut-off", htmx=True))
    assert "every program that reads it fails until a rotation has published another" in dialog
    unsure = bob_client.post(f"{PAGE}/cut-off", data={"key": current.id}, htmx=True)
    assert unsure.status_code == 422
    session.refresh(current)
    assert current.ended_by == ""
    bob_client.post(f"{PAGE}/cut-off", data={"key": current.id, "sure": "yes"})
    session.refresh(current)
    assert (current.ended_by, current.look_at) == ("bob", START)
    assert sent.keys == [current.id]
    assert "cuts it off now" in text_of(bob_client.get(PAGE))


def test_a_cut_off_key_is_told_until_there_is_another(bob_client, current):
    current.leaked_at, current.state, current.deactivated_at = START, KeyState.DEACTIVATED.value, START
    page = text_of(bob_client.get(PAGE))
    assert "Programs read a key that AWS refuses: AKIAEXAMPLEMW5RXN3HC" in page
    assert "Compromised" in text_of(bob_client.get("/projects/payments/strategies"))


def test_the_rotation_names_no_time_for_the_end_of_what_is_kept_as_evidence(bob_client, session, billing, current):
    made = turned.succeeded(session, billing, at=START - timedelta(minutes=5))
    session.refresh(current)
    current.leaked_at, current.state, current.deactivated_at = START, KeyState.DEACTIVATED.value, START
    current.retire_at = START + timedelta(days=1, hours=1, minutes=7)
    page = text_of(bob_client.get(f"/projects/payments/rotations/{made.id}"))
    assert "kept as evidence" in page
    assert ":07" not in page.partition("kept as evidence")[2]


def test_says_that_one_was_deleted_for_want_of_the_permission(bob_client, session, billing, current):
    turned.succeeded(session, billing, at=START - timedelta(minutes=5))
    session.refresh(current)
    current.leaked_at = START
    turned.deleted(session, current)
    assert "for the manager may not deactivate keys" in text_of(bob_client.get(PAGE))


@pytest.mark.parametrize("path", ["compromised", "cut-off"])
def test_bad_input_and_strangers(bob_client, charlie_client, session, sent, current, path):
    for key in ("", "another"):
        assert bob_client.post(f"{PAGE}/{path}", data={"key": key, "sure": "yes"}).status_code == 404
    assert bob_client.put(f"{PAGE}/{path}").status_code == 405
    assert charlie_client.get(f"{PAGE}/{path}").status_code == 404
    assert charlie_client.post(f"{PAGE}/{path}", data={"key": current.id, "sure": "yes"}).status_code == 404
    assert (
        bob_client.post(f"{PAGE}/compromised", data={"key": current.id, "old_key": "x"}).status_code == 400
    )  # fmt: skip
    assert current.leaked_at is None
    assert not sent.rotations
    assert not sent.keys
