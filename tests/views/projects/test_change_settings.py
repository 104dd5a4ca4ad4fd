"""A project's settings: its name, its environments, its end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AuditEntry, Environment, Project
from models.secret import create_secret
from tests import factories, turned
from tests.conftest import PASSWORD
from tests.fake_clock import START

URL = "/projects/payments"


@pytest.fixture
def secret(session, keyring, payments):
    made = create_secret(
        session, payments.sealing_key(keyring), environment=payments.environments[2], path="/", name="TOKEN", value=b"",
        now=START, author="bob",
    )  # fmt: skip
    session.commit()
    return made


def names(session):
    return [each.name for each in session.query(Environment).order_by(Environment.position)]


def entries(session):
    return [(entry.action, entry.thing, entry.detail) for entry in session.query(AuditEntry)]


def test_rename(alice_client, session, payments):
    response = alice_client.post(f"{URL}/rename", data={"name": "billing"})
    assert (response.status_code, response.location) == (303, "/projects/billing/settings")
    assert payments.name == "billing"
    assert entries(session) == [("project.rename", "payments", {"to": "billing"})]
    assert alice_client.get(f"{URL}/settings").status_code == 404


def test_the_same_name_is_no_entry(alice_client, session, payments):
    assert alice_client.post(f"{URL}/rename", data={"name": "payments"}).status_code == 303
    assert entries(session) == []


@pytest.mark.parametrize("name", ["", "A", "new", "data-platform"])
def test_rename_with_bad_input(alice_client, session, keyring, payments, name):
    factories.project(session, keyring, "data-platform")
    response = alice_client.post(f"{URL}/rename", data={"name": name})
    assert response.status_code == 422
    assert f'value="{name}"' in response.text
    assert "is-invalid" in response.text
    assert payments.name == "payments"


@pytest.mark.parametrize("htmx", [True, False])
def test_delete_an_empty_project(alice_client, session, payments, htmx):
    assert "The project is empty" in alice_client.get(f"{URL}/delete", htmx=htmx).text
    response = alice_client.post(f"{URL}/delete", htmx=htmx)
    assert (response.headers["HX-Redirect"] if htmx else response.location) == "/"
    assert session.query(Project).count() == session.query(Environment).count() == 0
    assert entries(session) == [("project.delete", "payments", {})]


@pytest.mark.parametrize("htmx", [True, False])
def test_a_project_that_holds_something_stays(alice_client, session, keyring, payments, htmx):
    turned.strategy(session, keyring, payments)
    told = "It holds 2 secrets, 1 rotation strategy, 1 connection."
    page = alice_client.get(f"{URL}/settings").text
    assert told in page
    assert "disabled" in page
    for response in (alice_client.get(f"{URL}/delete", htmx=htmx), alice_client.post(f"{URL}/delete", htmx=htmx)):
        assert told in response.text
    assert session.query(Project).count() == 1
    assert entries(session) == []


def test_only_administrators_rename_and_delete(bob_client, session, payments):
    assert "Administrators rename and delete projects" in bob_client.get(f"{URL}/settings").text
    assert bob_client.post(f"{URL}/rename", data={"name": "x"}).status_code == 404
    assert bob_client.get(f"{URL}/delete").status_code == bob_client.post(f"{URL}/delete").status_code == 404
    assert payments.name == "payments"


def test_add_an_environment(bob_client, session):
    response = bob_client.post(f"{URL}/environments", data={"name": "preview"})
    assert (response.status_code, response.location) == (303, f"{URL}/settings")
    assert names(session) == ["development", "staging", "production", "preview"]
    assert entries(session) == [("environment.add", "preview", {})]


@pytest.mark.parametrize("name", ["", "A b", "staging"])
def test_add_an_environment_with_bad_input(bob_client, session, name):
    response = bob_client.post(f"{URL}/environments", data={"name": name})
    assert response.status_code == 422
    assert f'value="{name}"' in response.text
    assert len(names(session)) == 3


@pytest.mark.parametrize("htmx", [True, False])
def test_rename_an_environment(bob_client, session, htmx):
    assert 'value="staging"' in bob_client.get(f"{URL}/environments/staging/rename", htmx=htmx).text
    response = bob_client.post(f"{URL}/environments/staging/rename", data={"name": "preview"}, htmx=htmx)
    assert (response.headers["HX-Redirect"] if htmx else response.location) == f"{URL}/settings"
    assert names(session) == ["development", "preview", "production"]
    assert entries(session) == [("environment.rename", "staging", {"to": "preview"})]


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("name", ["", "A b", "production"])
def test_rename_an_environment_with_bad_input(bob_client, session, htmx, name):
    response = bob_client.post(f"{URL}/environments/staging/rename", data={"name": name}, htmx=htmx)
    assert response.status_code == 422
    assert f'value="{name}"' in response.text
    assert names(session)[1] == "staging"


@pytest.mark.parametrize("htmx", [True, False])
def test_delete_an_empty_environment(bob_client, session, htmx):
    assert "It’s empty" in bob_client.get(f"{URL}/environments/staging/delete", htmx=htmx).text  # noqa: RUF001 - as shown
    response = bob_client.post(f"{URL}/environments/staging/delete", htmx=htmx)
    assert (response.headers["HX-Redirect"] if htmx else response.location) == f"{URL}/settings"
    assert names(session) == ["development", "production"]
    assert entries(session) == [("environment.delete", "staging", {})]


@pytest.mark.parametrize("htmx", [True, False])
def test_an_environment_with_secrets_stays(bob_client, session, secret, htmx):
    address = f"{URL}/environments/production/delete"
    for response in (bob_client.get(address, htmx=htmx), bob_client.post(address, htmx=htmx)):
        assert "It holds 1 secret: move or delete them first." in response.text
        assert f'href="{URL}/secrets/production"' in response.text
    assert len(names(session)) == 3


def test_the_last_environment_stays(bob_client, session):
    for name in ("development", "staging"):
        bob_client.post(f"{URL}/environments/{name}/delete")
    response = bob_client.post(f"{URL}/environments/production/delete")
    assert response.status_code == 422
    assert "the only environment" in response.text
    assert names(session) == ["production"]


@pytest.mark.parametrize("address", [f"{URL}/delete", f"{URL}/environments/staging/delete"])
def test_deleting_asks_for_the_password_after_15_minutes(alice_client, session, payments, clock, address):
    clock.advance(15 * 60 + 1)
    assert "confirm-password" in alice_client.get(address).text
    alice_client.post(address)
    alice_client.post(address, data={"confirm_password": "wrong"})
    assert names(session) == ["development", "staging", "production"]
    alice_client.post(address, data={"confirm_password": PASSWORD})
    assert "staging" not in names(session)


@pytest.mark.parametrize("what", ["rename", "delete"])
def test_no_such_environment(bob_client, what):
    for ask in (bob_client.get, bob_client.post):
        assert ask(f"{URL}/environments/nowhere/{what}").status_code == 404


def test_wrong_method(alice_client, payments):
    for address in ("rename", "environments"):
        assert alice_client.get(f"{URL}/{address}").status_code == 405
    assert alice_client.post(f"{URL}/settings").status_code == 405


def test_a_stranger(charlie_client, session, payments):
    assert charlie_client.get(f"{URL}/settings").status_code == 404
    assert charlie_client.post(f"{URL}/environments", data={"name": "x"}).status_code == 404
    for what in ("rename", "delete"):
        assert charlie_client.post(f"{URL}/environments/staging/{what}", data={"name": "x"}).status_code == 404
        assert charlie_client.get(f"{URL}/environments/staging/{what}").status_code == 404
    assert names(session).count("staging") == 2


def test_a_maximum_age_moves_the_next_times(alice_client, session, keyring, payments):
    billing = turned.strategy(session, keyring, payments, days=None)
    turned.succeeded(session, billing, at=START - timedelta(days=10))
    billing.due_at = START + timedelta(days=200)
    session.commit()
    assert alice_client.post(f"{URL}/maximum-age", data={"days": "90"}).status_code == 303
    assert payments.max_key_age_s == 90 * 86_400
    assert START + timedelta(days=70) < billing.due_at < START + timedelta(days=80)
    assert ("project.change", "payments", {"max_key_age_s": 90 * 86_400}) in entries(session)
    assert 'value="90"' in alice_client.get(f"{URL}/settings").text
    alice_client.post(f"{URL}/maximum-age", data={"days": ""})
    assert payments.max_key_age_s is None


def test_a_maximum_age_that_is_no_number_is_refused(alice_client, payments):
    answer = alice_client.post(f"{URL}/maximum-age", data={"days": "soon"})
    assert answer.status_code == 422
    assert "Use a whole number" in answer.text
    assert payments.max_key_age_s is None


def test_only_administrators_set_the_maximum_age(bob_client, payments):
    assert bob_client.post(f"{URL}/maximum-age", data={"days": "90"}).status_code == 404
    assert payments.max_key_age_s is None
