"""Copying a value without showing it."""

from __future__ import annotations

import pytest

from tests.conftest import PASSWORD

AS_APP_JS = {"Accept": "text/plain"}


def copy(client, secret, **options):
    return client.post(f"/projects/payments/secret/{secret.id}/copy", **options)


@pytest.mark.parametrize("value", [b"first value", b"", b"\r\n x", b"\xff\x00"])
def test_works(bob_client, vault, value):
    secret = vault.add(value=value)
    response = copy(bob_client, secret, headers=AS_APP_JS)
    assert (response.status_code, response.data) == (200, value)
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    (entry,) = vault.entries("secret.copy")
    assert (entry.actor, entry.thing, entry.detail) == ("bob", "production:/api TOKEN", {"version": 1})


@pytest.mark.parametrize("htmx", [True, False])
def test_a_browser_that_cant_copy_is_told(bob_client, vault, secret, htmx):
    """Without JavaScript, or where the page may not reach the clipboard, the form is posted as it is."""
    response = copy(bob_client, secret, htmx=htmx, headers={"Accept": "text/html,*/*"})
    assert "Nothing was copied" in response.text
    assert "first value" not in response.text
    assert vault.entries("secret.copy") == []


@pytest.mark.parametrize("htmx", [True, False])
def test_asks_for_the_password_first(bob_client, vault, secret, clock, htmx):
    clock.advance(15 * 60 + 1)
    response = copy(bob_client, secret, headers=AS_APP_JS)
    assert response.content_type.startswith("text/html")
    assert "confirm-password" in response.text
    assert "first value" not in response.text
    again = copy(bob_client, secret, data={"confirm_password": PASSWORD}, htmx=htmx, headers={"Accept": "*/*"})
    assert "Press Copy at" in again.text
    assert vault.entries("secret.copy") == []
    assert copy(bob_client, secret, headers=AS_APP_JS).data == b"first value"


def test_wrong_method(bob_client, secret):
    assert bob_client.get(f"/projects/payments/secret/{secret.id}/copy").status_code == 405


def test_a_stranger(charlie_client, vault, secret):
    assert copy(charlie_client, secret, headers=AS_APP_JS).status_code == 404
    assert vault.entries("secret.copy") == []
