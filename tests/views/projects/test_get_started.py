"""The way to the first turned key."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from models.secret import create_secret
from tests import turned
from tests.fake_clock import START

URL = "/projects/payments/start"
TAB = 'href="/projects/payments/start"'


def test_nothing_is_done(bob_client, payments):
    page = bob_client.get(URL).text
    assert "Turn your first key" in page
    assert "0 of 4" in page
    assert "make demo" in page
    assert '<a class="btn btn-primary" href="/projects/payments/connections/new">' in page
    assert page.count("btn-primary") == 1


def test_some_steps_are_done(bob_client, session, keyring, payments):
    turned.connection(session, keyring, payments)
    page = bob_client.get(URL).text
    assert "Three steps are left" in page
    assert "prod-manager" in page
    assert '<a class="btn btn-primary" href="/projects/payments/secrets">' in page
    for name in ("A", "B"):
        create_secret(
            session, payments.sealing_key(keyring), environment=payments.environments[0], path="/", name=name,
            value=b"", now=START, author="bob",
        )  # fmt: skip
    page = bob_client.get(URL).text
    assert "Two steps are left" in page
    assert "development:/" in page


def test_one_step_is_left(bob_client, session, keyring, payments):
    strategy = turned.strategy(session, keyring, payments, "billing-api")
    page = bob_client.get(URL).text
    assert "One step is left" in page
    assert "3 of 4" in page
    assert "production:/billing-api" in page
    assert f'action="/projects/payments/strategies/{strategy.id}/rotate"' in page
    assert page.count("btn-primary") == 1


def test_the_tab_goes_away_after_the_first_success(bob_client, session, keyring, payments):
    strategy = turned.strategy(session, keyring, payments)
    assert TAB in bob_client.get("/projects/payments/secrets/production").text
    turned.succeeded(session, strategy, at=START - timedelta(days=1))
    assert TAB not in bob_client.get("/projects/payments/secrets/production").text
    assert bob_client.get(URL).location == "/projects/payments/strategies"


def test_on_practice_aws(app, bob_client, payments):
    wired = app.extensions["keyturn"]
    app.extensions["keyturn"] = dataclasses.replace(wired, config=dataclasses.replace(wired.config, practice=True))
    page = bob_client.get(URL).text
    app.extensions["keyturn"] = wired
    assert "This is practice AWS" in page
    assert "make demo" not in page


def test_a_stranger(charlie_client, payments):
    assert charlie_client.get(URL).status_code == 404


@pytest.mark.parametrize("method", ["post", "delete"])
def test_wrong_method(bob_client, method):
    assert getattr(bob_client, method)(URL).status_code == 405
