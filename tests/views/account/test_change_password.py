"""Changing one's own password."""

from __future__ import annotations

import pytest

from models.audit import Action, AuditEntry
from tests.conftest import PASSWORD

NEW = "seven orange boats drift"


def change(client, current=PASSWORD, password=NEW):
    return client.post("/account/password", data={"current": current, "password": password})


def test_works_and_ends_the_other_sessions(bob_client, client, session, bob, clock):
    client.sign_in(bob, clock)
    assert change(bob_client).status_code == 303
    assert bob_client.get("/account").status_code == 200
    assert client.get("/account").status_code == 302
    assert session.query(AuditEntry).one().action == Action.USER_CHANGE_PASSWORD
    assert client.post("/login", data={"name": "bob", "password": NEW}).status_code == 303


@pytest.mark.parametrize(
    ("current", "password", "words"),
    [
        ("wrong", NEW, "This isn&#39;t your current password."),
        ("", NEW, "Your current password."),
        (PASSWORD, "short", "5 characters; 12 is the least"),
        (PASSWORD, "bob@example.com", "Too easy to guess"),
    ],
)
def test_bad_input(bob_client, client, session, current, password, words):
    response = change(bob_client, current, password)
    assert response.status_code == 422
    assert words in response.text
    assert client.post("/login", data={"name": "bob", "password": PASSWORD}).status_code == 303


def test_guessing_the_current_one_is_limited(bob_client):
    for _ in range(10):
        change(bob_client, "wrong")
    response = change(bob_client)
    assert response.status_code == 422
    assert "Too many tries" in response.text


def test_wrong_method(bob_client):
    assert bob_client.get("/account/password").status_code == 405
