"""Looking at secrets: environments, paths, search."""

from __future__ import annotations

from functools import partial

import pytest

from models.secret import write_secret
from tests import turned
from tests.sql_count import statements

URL = "/projects/payments/secrets/production/api"


def test_lists_a_path(bob_client, vault, secret):
    vault.add("ELSEWHERE", path="/other")
    vault.add("DEEPER", path="/api/jobs")
    page = bob_client.get(URL).text
    assert "••••••••••••" in page
    assert "first value" not in page
    assert "ELSEWHERE" not in page
    assert "DEEPER" not in page
    assert 'href="/projects/payments/secrets/production/api/jobs"' in page
    assert 'href="/projects/payments/secrets/staging/api"' in page


def test_the_table_alone(bob_client, vault, secret):
    assert bob_client.get(URL, htmx=True).text.lstrip().startswith('<div class="card" id="secrets"')


def test_going_back_in_history_gets_the_page(bob_client, secret):
    response = bob_client.get(URL, htmx=True, headers={"HX-History-Restore-Request": "true"})
    assert response.text.lower().startswith("<!doctype html>")


def test_an_empty_path(bob_client, vault, secret):
    page = bob_client.get("/projects/payments/secrets/production").text
    assert "No secret in production:/" in page
    assert "There are secrets further down" in page
    assert "Create these two placeholders" in page


@pytest.mark.parametrize("htmx", [True, False])
def test_search(bob_client, vault, secret, htmx):
    vault.add("MY_TOKEN", path="/deep/er")
    vault.add("OTHER")
    vault.add("TOKEN_OF_STAGING", environment="staging")
    page = bob_client.get(f"{URL}?q=tok", htmx=htmx).text
    assert "2 names with" in page
    assert 'href="/projects/payments/secrets/production/deep/er"' in page
    assert "OTHER" not in page
    assert "Back to /api" in page
    assert "TOKEN_OF_STAGING" not in page


@pytest.mark.parametrize("query", ["%", "_", "\x00", "'", "<b>", "x" * 5000, "É"])
def test_search_for_what_isnt_there(bob_client, vault, query):
    vault.add("AXB")
    response = bob_client.get(URL, query_string={"q": query})
    assert response.status_code == 200
    assert "<b>”" not in response.text


def test_a_strategys_secrets_say_so(bob_client, billing):
    page = bob_client.get(URL).text
    assert page.count(f'href="/projects/payments/strategies/{billing.id}"') == 2
    assert "in 30 d" in page
    assert "kt-pair-end" in page
    assert 'aria-label="Edit AWS_ACCESS_KEY"' not in page


@pytest.mark.parametrize(
    ("columns", "told"),
    [({"paused_at": "now"}, "paused"), ({"due_at": None, "interval_s": None}, "by button only")],
)
def test_a_strategy_without_a_next_time(bob_client, billing, clock, columns, told):
    for name, value in columns.items():
        setattr(billing, name, clock.now() if value == "now" else value)
    assert bob_client.get(URL).text.count(told) == 2


def test_goes_to_where_something_was_added_last(bob_client, vault):
    assert bob_client.get("/projects/payments/secrets").location == "/projects/payments/secrets/development"
    vault.add(environment="staging")
    assert bob_client.get("/projects/payments/secrets").location == "/projects/payments/secrets/staging/api"
    assert bob_client.get("/projects/payments").location == "/projects/payments/secrets"


def test_goes_to_a_secret(bob_client, secret):
    assert bob_client.get(f"/projects/payments/secret/{secret.id}").location == f"{URL}#secret-{secret.id}"


@pytest.mark.parametrize(
    "path", ["production/a b", "production/..", "nowhere", "production/%ff", "production/" + "x" * 300]
)
def test_no_such_place(bob_client, payments, path):
    assert bob_client.get(f"/projects/payments/secrets/{path}").status_code == 404


@pytest.mark.parametrize("path", ["production/", "production/api/"])
def test_a_slash_at_the_end(bob_client, secret, path):
    assert bob_client.get(f"/projects/payments/secrets/{path}").status_code == 200


@pytest.mark.parametrize("htmx", [True, False])
def test_opens_a_new_path(bob_client, payments, htmx):
    here = "?environment=production&path=/api"
    assert "production:/api" in bob_client.get(f"/projects/payments/new-path{here}", htmx=htmx).text
    for typed, opened in (("/other", "/other"), ("jobs/night", "/api/jobs/night")):
        response = bob_client.get(f"/projects/payments/open-path{here}&to={typed}", htmx=htmx)
        location = response.headers["HX-Redirect"] if htmx else response.location
        assert location == f"/projects/payments/secrets/production{opened}"


@pytest.mark.parametrize("typed", ["a b", "../x", "x" * 300])
def test_a_path_that_cant_be(bob_client, payments, typed):
    fields = {"environment": "production", "path": "/api", "to": typed}
    response = bob_client.get("/projects/payments/open-path", query_string=fields)
    assert response.status_code == 422
    assert f'value="{typed}"' in response.text


def test_a_stranger(charlie_client, secret):
    for address in (
        URL, "/projects/payments", "/projects/payments/secrets", f"/projects/payments/secret/{secret.id}",
        "/projects/payments/new-path?environment=production", "/projects/payments/open-path?environment=production",
    ):  # fmt: skip
        assert charlie_client.get(address).status_code == 404


def test_as_many_statements_for_a_thousand_secrets(app, bob_client, vault, session, keyring, payments):
    addresses = (URL, f"{URL}?q=t", "/projects/payments/move-secrets?environment=production&path=/api")

    def counts():
        return [len(statements(app, partial(bob_client.get, address))) for address in addresses]

    vault.add_many(10)
    turned.strategy(session, keyring, payments, "first", path="/api")
    few = counts()
    vault.add_many(990)
    for number in range(10):
        turned.strategy(session, keyring, payments, f"user-{number}")
    assert counts() == few


def test_as_many_statements_for_more_versions(app, bob_client, vault, secret, session, clock):
    address = f"/projects/payments/secret/{secret.id}/versions"

    def count():
        return len(statements(app, lambda: bob_client.get(address)))

    few = count()
    for _ in range(40):
        write_secret(session, vault.key, secret, b"x", now=clock.now(), author="bob", reason="edited")
    assert count() == few
