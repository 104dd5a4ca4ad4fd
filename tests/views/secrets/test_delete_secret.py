"""Deleting a secret."""

from __future__ import annotations

import pytest

from tests.conftest import PASSWORD


def url(secret):
    return f"/projects/payments/secret/{secret.id}/delete"


def test_works(bob_client, vault, secret):
    assert "Delete" in bob_client.get(url(secret)).text
    response = bob_client.post(url(secret))
    assert (response.status_code, response.location) == (303, "/projects/payments/secrets/production/api")
    assert vault.find("TOKEN") is None
    (entry,) = vault.entries("secret.delete")
    assert (entry.actor, entry.thing) == ("bob", "production:/api TOKEN")


def test_works_in_the_dialog(bob_client, vault, secret):
    vault.add("OTHER")
    secret_id = secret.id
    response = bob_client.post(url(secret), htmx=True)
    assert f'<tr id="secret-{secret_id}" hx-swap-oob="delete">' in response.text
    assert "close-dialog" in response.headers["HX-Trigger"]


def test_after_the_last_one_the_page_is_empty(bob_client, vault, secret):
    response = bob_client.post(url(secret), htmx=True)
    assert response.headers["HX-Redirect"] == "/projects/payments/secrets/production/api"
    assert "No secret in production:/api" in bob_client.get(response.headers["HX-Redirect"]).text


@pytest.mark.parametrize("htmx", [True, False])
def test_asks_for_the_password_after_15_minutes(bob_client, vault, secret, clock, htmx):
    clock.advance(15 * 60 + 1)
    assert "confirm-password" in bob_client.get(url(secret), htmx=htmx).text
    assert bob_client.post(url(secret), htmx=htmx).status_code == 200
    assert bob_client.post(url(secret), data={"confirm_password": "wrong"}, htmx=htmx).status_code == 422
    assert vault.find("TOKEN") is not None
    bob_client.post(url(secret), data={"confirm_password": PASSWORD}, htmx=htmx)
    assert vault.find("TOKEN") is None


@pytest.mark.parametrize("htmx", [True, False])
def test_a_strategys_secret_stays(bob_client, vault, billing, htmx):
    for written in (billing.access_key_secret, billing.secret_key_secret):
        for response in (bob_client.get(url(written), htmx=htmx), bob_client.post(url(written), htmx=htmx)):
            assert "t be deleted now" in response.text
            assert f'href="/projects/payments/strategies/{billing.id}"' in response.text
    assert vault.find("AWS_ACCESS_KEY") is not None
    assert vault.entries("secret.delete") == []


def test_it_is_gone_already(bob_client, vault, secret):
    address = url(secret)
    bob_client.post(address)
    assert bob_client.post(address).status_code == 404


def test_a_stranger(charlie_client, vault, secret):
    assert charlie_client.post(url(secret)).status_code == charlie_client.get(url(secret)).status_code == 404
    assert vault.find("TOKEN") is not None
