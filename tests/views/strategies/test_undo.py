"""Back to the key before, from the strategy's page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AccessKey, KeyState, Purpose, Rotation
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import text_of

PAGE = "/projects/payments/strategies/1"
DAY = timedelta(days=1)


@pytest.fixture
def before(session, billing) -> AccessKey:
    """The key before the current one, in its grace."""
    turned.succeeded(session, billing, at=START - 38 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.succeeded(session, billing, at=START - timedelta(hours=2))
    return session.query(AccessKey).filter_by(state=KeyState.RETIRING.value).one()


def test_asks_once_more(bob_client, before):
    assert f'href="{PAGE}/undo"' in bob_client.get(PAGE).text
    dialog = text_of(bob_client.get(f"{PAGE}/undo", htmx=True))
    assert "Programs read AKIAEXAMPLEMW5RXN3HC again." in dialog
    before.state, before.deactivated_at = KeyState.DEACTIVATED.value, START
    assert "AWS is asked to activate it" in text_of(bob_client.get(f"{PAGE}/undo", htmx=True))


def test_queues_a_rotation_like_any_other(bob_client, session, sent, before):
    answer = bob_client.post(f"{PAGE}/undo", data={"key": before.id})
    assert (answer.status_code, answer.location) == (303, PAGE)
    (rotation,) = [row for row in session.query(Rotation) if row.is_open]
    assert (rotation.purpose, rotation.access_key_id, rotation.requested_by) == (Purpose.UNDO, before.id, "bob")
    assert sent.rotations == [rotation.id]
    page = text_of(bob_client.get(f"/projects/payments/rotations/{rotation.id}"))
    assert "Bring back" in page
    assert "Create" not in page


def test_there_is_no_way_back_without_a_living_key(bob_client, session, sent, before):
    before.ended_by = "alice"
    assert f'href="{PAGE}/undo"' not in bob_client.get(PAGE).text
    assert bob_client.get(f"{PAGE}/undo").status_code == 404
    assert bob_client.post(f"{PAGE}/undo", data={"key": before.id}).status_code == 404
    assert not sent.rotations


def test_there_is_no_way_back_to_a_secret_that_is_kept_nowhere(bob_client, session, billing):
    by_its_id = turned.key(session, billing, None, KeyState.RETIRING, "AKIAEXAMPLEBYITSID01")
    turned.succeeded(session, billing, at=START - timedelta(hours=2))
    by_its_id.replaced_at = by_its_id.retire_at = START - timedelta(hours=2)
    page = bob_client.get(PAGE)
    assert f'href="{PAGE}/undo"' not in page.text
    assert "was taken over, and Keyturn" in text_of(page)


def test_a_key_that_an_undo_could_not_go_back_to_is_not_told_to_be_discarded(bob_client, session, billing):
    by_its_id = turned.key(session, billing, None, KeyState.RETIRING, "AKIAEXAMPLEBYITSID01")
    by_its_id.replaced_at = by_its_id.retire_at = START
    failed = turned.failed(session, billing, "no_way_back", purpose=Purpose.UNDO.value, access_key_id=by_its_id.id)
    page = text_of(bob_client.get(f"/projects/payments/rotations/{failed.id}"))
    assert "There is no way back to the key before" in page
    assert "Discard" not in page


def test_bad_input_and_strangers(bob_client, charlie_client, sent, before):
    for key in ("", "another"):
        assert bob_client.post(f"{PAGE}/undo", data={"key": key}).status_code == 404
    assert bob_client.put(f"{PAGE}/undo").status_code == 405
    assert charlie_client.get(f"{PAGE}/undo").status_code == 404
    assert charlie_client.post(f"{PAGE}/undo", data={"key": before.id}).status_code == 404
    assert not sent.rotations
