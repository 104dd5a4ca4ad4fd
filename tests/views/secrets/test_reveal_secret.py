"""Revealing a value."""

from __future__ import annotations

import html
import re

import pytest

from models.secret import write_secret
from tests.conftest import PASSWORD


def url(secret):
    return f"/projects/payments/secret/{secret.id}/reveal"


def shown(response):
    """The value as a browser reads it from the page."""
    (text,) = re.findall(r"<pre tabindex=\"0\">\n(.*?)</pre>", response.text, re.DOTALL)
    return html.unescape(text)


@pytest.mark.parametrize("htmx", [True, False])
def test_works(bob_client, vault, secret, htmx):
    question = bob_client.get(url(secret), htmx=htmx)
    assert "Reveal" in question.text
    assert "first value" not in question.text
    assert vault.entries("secret.reveal") == []
    response = bob_client.post(url(secret), data={"reason": " incident 2291 "}, htmx=htmx)
    assert response.status_code == 200
    assert shown(response) == "first value"
    assert response.headers["Cache-Control"] == "no-store"
    assert 'data-close-after="30"' in response.text
    assert response.headers["Refresh"] == "30; url=/projects/payments/secrets/production/api"
    (entry,) = vault.entries("secret.reveal")
    assert (entry.actor, entry.thing, entry.secret_id) == ("bob", "production:/api TOKEN", secret.id)
    assert entry.detail == {"version": 1, "reason": "incident 2291"}


@pytest.mark.parametrize("value", ["\nfirst line empty", "a\r\nb", "<b>&amp;</b>", " x ", "Grüße \N{KEY}"])
def test_shows_every_byte(bob_client, vault, value):
    secret = vault.add(value=value.encode())
    assert shown(bob_client.post(url(secret))) == value


def test_says_what_isnt_seen(bob_client, vault):
    secret = vault.add(value=b"x \n")
    assert "3 bytes, line breaks are LF, ends with a line break." in bob_client.post(url(secret)).text


def test_an_earlier_version(bob_client, vault, secret, session, clock):
    write_secret(session, vault.key, secret, b"second value", now=clock.now(), author="bob", reason="edited")
    assert "version 1 appears here" in bob_client.get(f"{url(secret)}?version=1").text
    assert shown(bob_client.post(url(secret), data={"version": "1"})) == "first value"
    assert shown(bob_client.post(url(secret), data={"version": ""})) == "second value"
    assert [entry.detail["version"] for entry in vault.entries("secret.reveal")] == [1, 2]


@pytest.mark.parametrize("htmx", [True, False])
def test_asks_for_the_password_after_15_minutes(bob_client, vault, secret, clock, htmx):
    clock.advance(15 * 60 + 1)
    assert "confirm-password" in bob_client.get(url(secret), htmx=htmx).text
    asked = bob_client.post(url(secret), data={"version": "1", "reason": "why"}, htmx=htmx)
    assert "first value" not in asked.text
    assert 'name="reason" value="why"' in asked.text
    wrong = bob_client.post(url(secret), data={"confirm_password": "wrong"}, htmx=htmx)
    assert (wrong.status_code, "first value" in wrong.text) == (422, False)
    assert vault.entries("secret.reveal") == []
    assert shown(bob_client.post(url(secret), data={"confirm_password": PASSWORD}, htmx=htmx)) == "first value"


@pytest.mark.parametrize("version", ["0", "2", "x", "-1", "9" * 12, "٣"])
def test_no_such_version(bob_client, vault, secret, version):
    assert bob_client.get(url(secret), query_string={"version": version}).status_code == 404
    assert bob_client.post(url(secret), data={"version": version}).status_code == 404
    assert vault.entries("secret.reveal") == []


def test_a_reason_that_cant_be_one(bob_client, vault, secret):
    response = bob_client.post(url(secret), data={"reason": "r" * 201})
    assert response.status_code == 422
    assert "at most 200 characters" in response.text
    assert vault.entries("secret.reveal") == []


def test_a_strategys_secret_is_revealed_too(bob_client, billing):
    assert shown(bob_client.post(url(billing.access_key_secret))) == "placeholder"


@pytest.mark.parametrize("number", [4711, 2**31, 2**70])
def test_no_such_secret(bob_client, payments, number):
    assert bob_client.post(f"/projects/payments/secret/{number}/reveal").status_code == 404


def test_another_projects_secret(charlie_client, vault, secret):
    """Not at its own address, and not at one's own project's."""
    for project in ("payments", "data-platform"):
        for ask in (charlie_client.get, charlie_client.post):
            assert ask(f"/projects/{project}/secret/{secret.id}/reveal").status_code == 404
    assert vault.entries("secret.reveal") == []


def test_wrong_method(bob_client, secret):
    assert bob_client.put(url(secret)).status_code == 405
