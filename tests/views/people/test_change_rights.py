"""An administrator looks at people, and changes what they may do."""

from __future__ import annotations

import re

import pytest

from models.audit import Action, AuditEntry
from models.people import project_ids
from tests import factories
from tests.sql_count import statements


def test_shows_who_there_is(alice_client, bob, charlie):
    text = alice_client.get("/people").text
    for word in ("alice", "bob", "charlie", "bob@example.com", "payments", "data-platform", "Never"):
        assert word in text


def test_the_list_costs_the_same_number_of_statements_for_many(alice_client, app, session, payments):
    few = statements(app, lambda: alice_client.get("/people"))
    for number in range(30):
        factories.user(session, f"user-{number}", projects=[payments])
    many = statements(app, lambda: alice_client.get("/people"))
    assert len(many) == len(few)


def test_saves_projects_and_administration(alice_client, session, bob, payments, keyring):
    other = factories.project(session, keyring, "other")
    assert alice_client.post("/people/bob", data={"projects": [other.id], "is_admin": "y"}).status_code == 303
    assert project_ids(session, bob) == [other.id]
    assert bob.is_admin
    entry = session.query(AuditEntry).filter_by(action=Action.USER_CHANGE.value).one()
    assert entry.detail == {"administrator": True, "projects": ["other"]}
    assert re.search(rf'checked[^>]*value="{other.id}"', alice_client.get("/people/bob").text)


def test_takes_a_project_away_at_once(alice_client, bob_client, session, bob):
    assert "payments" in bob_client.get("/account").text
    alice_client.post("/people/bob", data={})
    assert project_ids(session, bob) == []
    assert "payments" not in bob_client.get("/account").text


def test_the_last_administrator_stays_one(alice_client, alice):
    response = alice_client.post("/people/alice", data={})
    assert response.status_code == 422
    assert "The last administrator stays one" in response.text
    assert alice.is_admin


def test_one_of_two_may_step_down(alice_client, session, alice):
    factories.user(session, "root", is_admin=True)
    assert alice_client.post("/people/alice", data={}).status_code == 303
    assert not alice.is_admin
    assert alice_client.get("/people").status_code == 404


def test_disabling_ends_sessions_and_enabling_lets_in_again(alice_client, bob_client, session, bob, clock):
    assert alice_client.post("/people/bob/disable").status_code == 303
    assert bob.disabled_at == clock.now()
    assert bob_client.get("/account").status_code == 302
    assert "Disabled" in alice_client.get("/people/bob").text
    assert alice_client.post("/people/bob/enable").status_code == 303
    assert bob_client.get("/account").status_code == 302
    bob_client.sign_in(bob, clock)
    assert bob_client.get("/account").status_code == 200
    actions = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert actions == [Action.USER_DISABLE, Action.USER_ENABLE]


def test_nobody_disables_the_last_administrator_or_themselves(alice_client, session, alice):
    assert alice_client.post("/people/alice/disable").status_code == 400
    factories.user(session, "root", is_admin=True)
    assert alice_client.post("/people/alice/disable").status_code == 400
    assert alice.disabled_at is None
    assert "disabled aria-describedby" in alice_client.get("/people/alice").text


def test_makes_a_link_for_a_new_password(alice_client, client, bob):
    link = re.search(r"http://localhost(/reset/\S+)</pre>", alice_client.post("/people/bob/reset").text)[1]
    assert client.post(link, data={"password": "seven orange boats drift"}).status_code == 303


@pytest.mark.parametrize("path", ["/people", "/people/alice", "/people/bob", "/people/nobody"])
def test_a_stranger_finds_nothing(bob_client, alice, client, path):
    assert bob_client.get(path).status_code == 404
    assert bob_client.get(path).text == bob_client.get("/people/nobody").text.replace("/people/nobody", path)
    assert client.get(path).location.startswith("/login")


@pytest.mark.parametrize("path", ["/people/bob", "/people/alice/disable", "/people/bob/enable", "/people/alice/reset"])
def test_a_stranger_changes_nothing(bob_client, alice, bob, path):
    assert bob_client.post(path, data={"is_admin": "y"}).status_code == 404
    assert not bob.is_admin
    assert alice.disabled_at is None


def test_bad_input(alice_client, bob):
    assert alice_client.post("/people/bob", data={"projects": ["no-such-id"]}).status_code == 422
    for path in ("/people/nobody", "/people/nobody/disable", "/people/nobody/enable", "/people/nobody/reset"):
        assert alice_client.post(path).status_code == 404


def test_wrong_method(alice_client, bob):
    for path in ("/people/bob/disable", "/people/bob/enable", "/people/bob/reset"):
        assert alice_client.get(path).status_code == 405
