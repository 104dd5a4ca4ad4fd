"""The list of projects, and a new one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AuditEntry, Project
from tests import factories, turned
from tests.fake_clock import START
from tests.sql_count import statements


def add(client, name="billing"):
    return client.post("/projects/new", data={"name": name})


def test_works(alice_client, session, keyring):
    assert "New project" in alice_client.get("/projects/new").text
    response = add(alice_client, " billing ")
    assert (response.status_code, response.location) == (303, "/projects/billing/start")
    made = session.query(Project).one()
    assert [each.name for each in made.environments] == ["development", "staging", "production"]
    assert made.sealing_key(keyring)
    (entry,) = session.query(AuditEntry)
    assert (entry.action, entry.thing, entry.project_id) == ("project.create", "billing", made.id)


@pytest.mark.parametrize("name", ["", "Billing", "a b", "-a", "x" * 65, "new", "ä", "a/b"])
def test_bad_input_comes_back(alice_client, session, name):
    response = add(alice_client, name)
    assert response.status_code == 422
    assert f'value="{name}"' in response.text
    assert "is-invalid" in response.text
    assert session.query(Project).count() == 0


def test_a_duplicate_is_told(alice_client, session, payments):
    response = add(alice_client, "payments")
    assert response.status_code == 422
    assert "There is a project of this name already" in response.text
    assert session.query(Project).count() == 1


def test_an_empty_post(alice_client):
    assert alice_client.post("/projects/new").status_code == 422


def test_only_administrators(bob_client, session):
    assert add(bob_client).status_code == bob_client.get("/projects/new").status_code == 404
    assert "/projects/new" not in bob_client.get("/").text
    assert session.query(Project).count() == 1


def test_lists_what_one_may_enter(bob_client, charlie, session, keyring, payments):
    turned.succeeded(session, turned.strategy(session, keyring, payments), at=START - timedelta(days=8))
    page = bob_client.get("/").text
    assert 'href="/projects/payments/secrets"' in page
    assert "data-platform" not in page
    assert "8 d ago" in page


def test_no_project_yet(alice_client, app, session, clock):
    assert "No project yet" in alice_client.get("/").text
    alone = app.test_client()
    alone.test_session = session
    alone.sign_in(factories.user(session, "dora"), clock)
    assert "You may enter no project yet" in alone.get("/").text


def test_as_many_statements_for_more_projects(app, alice_client, session, keyring):
    def count():
        return len(statements(app, lambda: alice_client.get("/")))

    for number in range(2):
        factories.project(session, keyring, f"project-{number}")
    few = count()
    for number in range(2, 40):
        factories.project(session, keyring, f"project-{number}")
    assert count() == few
