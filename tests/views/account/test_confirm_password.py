"""The password once more, 15 minutes after it was last given: before disabling a user, as an example."""

from __future__ import annotations

import pytest

from tests.conftest import PASSWORD

URL = "/people/bob/disable"


@pytest.fixture
def late(alice_client, bob, clock):
    """Alice, 15 minutes and a second after she signed in."""
    clock.advance(15 * 60 + 1)
    return alice_client


def test_is_not_asked_within_15_minutes(alice_client, bob, clock):
    clock.advance(15 * 60)
    assert alice_client.post(URL).status_code == 303
    assert bob.disabled_at


def test_is_asked_as_a_page_and_then_does_what_was_asked(late, bob):
    page = late.post(URL, data={"reason": "left <us>"})
    assert page.status_code == 200
    assert "<html" in page.text
    assert "Your password once more" in page.text
    assert 'name="reason" value="left &lt;us&gt;"' in page.text
    assert f'action="{URL}"' in page.text
    assert bob.disabled_at is None
    assert late.post(URL, data={"confirm_password": PASSWORD}).status_code == 303
    assert bob.disabled_at


def test_is_asked_in_the_dialog_of_htmx(late, bob):
    dialog = late.post(URL, htmx=True)
    assert "<html" not in dialog.text
    assert dialog.text.startswith('<div hx-swap-oob="innerHTML:#dialog">')
    done = late.post(URL, data={"confirm_password": PASSWORD}, htmx=True)
    assert done.headers["HX-Redirect"] == "/people"
    assert bob.disabled_at


def test_given_once_it_holds_for_15_minutes_more(late, bob, clock):
    late.post(URL, data={"confirm_password": PASSWORD})
    clock.advance(15 * 60)
    assert late.post("/people/bob/reset").status_code == 200
    assert "The link for a new password" in late.post("/people/bob/reset").text


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_one_is_asked_again_and_nothing_happens(late, bob, password):
    response = late.post(URL, data={"confirm_password": password, "reason": "left"})
    assert response.status_code == 422
    assert "This isn&#39;t your password." in response.text
    assert 'name="reason" value="left"' in response.text
    assert bob.disabled_at is None


def test_a_wrong_one_counts_even_while_the_last_is_fresh(alice_client, bob):
    assert alice_client.post(URL, data={"confirm_password": "wrong"}).status_code == 422
    assert bob.disabled_at is None


def test_guessing_is_limited(late, bob):
    for _ in range(10):
        late.post(URL, data={"confirm_password": "wrong"})
    response = late.post(URL, data={"confirm_password": PASSWORD})
    assert response.status_code == 422
    assert "Too many tries" in response.text
    assert bob.disabled_at is None


def test_a_stranger_is_not_even_asked(bob_client, charlie, clock):
    clock.advance(15 * 60 + 1)
    assert bob_client.post("/people/charlie/disable").status_code == 404
