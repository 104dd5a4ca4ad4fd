"""Choosing a new password by the link that an administrator or the terminal made."""

from __future__ import annotations

import pytest

from models.audit import Action, AuditEntry
from models.links import LinkKind, make_link
from tests.conftest import PASSWORD

NEW = "seven orange boats drift"


@pytest.fixture
def link(session, clock, alice, bob):
    return f"/reset/{make_link(session, LinkKind.RESET, clock.now(), by=alice, user=bob)}"


def test_works_once_and_ends_all_sessions(client, bob_client, session, link):
    assert "bob" in client.get(link).text
    assert client.post(link, data={"password": NEW}).status_code == 303
    assert client.get("/account").status_code == 200
    assert bob_client.get("/account").status_code == 302
    assert session.query(AuditEntry).filter_by(action=Action.USER_RESET_PASSWORD.value).one().actor == "bob"
    assert client.post(link, data={"password": NEW}).status_code == 404
    assert client.post("/login", data={"name": "bob", "password": PASSWORD}).status_code == 422
    assert client.post("/login", data={"name": "bob", "password": NEW}).status_code == 303


def test_until_then_the_old_password_holds(client, link):
    assert client.post("/login", data={"name": "bob", "password": PASSWORD}).status_code == 303


def test_a_disabled_user_is_not_let_in_by_it(client, bob, clock, link):
    bob.disabled_at = clock.now()
    assert client.get(link).status_code == 404
    assert client.post(link, data={"password": NEW}).status_code == 404


def test_a_newer_link_takes_the_place_of_the_earlier_but_only_of_the_same_person(client, session, clock, link, charlie):
    make_link(session, LinkKind.RESET, clock.now(), user=charlie)
    assert client.get(link).status_code == 200


def test_bad_input(client, link):
    assert client.post(link, data={}).status_code == 422
    assert client.post(link, data={"password": "bob@example.com"}).status_code == 422
    assert client.post("/reset/guessed", data={"password": NEW}).status_code == 404
    assert client.delete(link).status_code == 405
