"""The audit log as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from models.audit import Action, record
from models.vault.tidying import delete_project
from tests import turned
from tests.fake_clock import START
from views.audit import downloading

URL = "/projects/payments/audit.csv"


@pytest.fixture
def write(session, payments):
    def write(thing, *, actor="bob", **facts):
        facts = {"project_id": payments.id, "action": Action.SECRET_REVEAL, **facts}
        record(session, at=START, actor=actor, thing=thing, **facts)

    return write


def lines(response):
    return list(csv.reader(io.StringIO(response.text)))


def test_works(bob_client, write):
    write("production:/api TOKEN", version=3, address="192.0.2.14")
    response = bob_client.get(URL)
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="keyturn-audit-payments-2026-11-24.csv"'
    assert lines(response) == [
        list(downloading.COLUMNS),
        [
            "2026-11-24T12:00:00+00:00",
            "bob",
            "secret.reveal",
            "production:/api TOKEN",
            "",
            "payments",
            '{"version": 3}',
            "192.0.2.14",
        ],
    ]


@pytest.mark.parametrize("action", [action for action in Action if action.startswith("key.")])
def test_names_the_iam_user_of_a_key(bob_client, session, keyring, payments, write, action):
    strategy = turned.strategy(session, keyring, payments)
    write("AKIAEXAMPLE2T7Q4FVKD", actor="worker", action=action, strategy_id=strategy.id)
    session.flush()
    session.delete(strategy)
    assert lines(bob_client.get(URL))[1][3:5] == ["AKIAEXAMPLE2T7Q4FVKD", "billing-api"]


def test_names_projects_also_deleted_ones(alice_client, session, payments, write):
    write("A")
    assert lines(alice_client.get("/audit.csv"))[1][5] == "payments"
    delete_project(session, payments)
    assert lines(alice_client.get("/audit.csv"))[1][5] == "payments"


def test_all_of_it_newest_first_and_streamed(bob_client, write):
    for number in range(1203):
        write(f"N{number}")
    response = bob_client.get(URL)
    assert "Content-Length" not in response.headers
    assert [line[3] for line in lines(response)[1:]] == [f"N{number}" for number in reversed(range(1203))]


def test_only_what_the_filter_finds(bob_client, write):
    write("A")
    write("B", action=Action.SECRET_COPY)
    assert [line[3] for line in lines(bob_client.get(f"{URL}?action=secret.copy"))[1:]] == ["B"]
    assert "/audit.csv?action=secret.copy" in bob_client.get("/projects/payments/audit?action=secret.copy").text


@pytest.mark.parametrize("thing", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_spreadsheet_takes_nothing_for_a_formula(bob_client, write, thing):
    write(thing)
    assert lines(bob_client.get(URL))[1][3] == f"'{thing}"


@pytest.mark.parametrize("thing", ['a,"b"', "two\nlines", "Grüße"])
def test_text_comes_through(bob_client, write, thing):
    write(thing)
    assert lines(bob_client.get(URL))[1][3] == thing


def test_a_filter_that_cant_be(bob_client, payments):
    assert bob_client.get(f"{URL}?from=x").status_code == 400


def test_everything_is_for_administrators(alice_client, bob_client, session, write):
    write("A")
    record(session, at=START, actor="dora", action=Action.USER_SIGN_IN, thing="dora")
    assert len(lines(alice_client.get("/audit.csv"))) == 3
    assert bob_client.get("/audit.csv").status_code == 404


def test_a_stranger(charlie_client, write):
    write("A")
    assert charlie_client.get(URL).status_code == 404
