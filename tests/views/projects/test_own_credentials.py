"""Allowing a project's connections the server's own AWS credentials."""

from __future__ import annotations

import pytest

from models import Action, AuditEntry

URL = "/projects/payments"


def told(session):
    session.expire_all()
    rows = session.query(AuditEntry).filter(AuditEntry.action == Action.PROJECT_CHANGE).order_by(AuditEntry.id)
    return [row.detail for row in rows]


def test_an_administrator_allows_and_withdraws_it(alice_client, session, payments):
    assert alice_client.post(f"{URL}/own-credentials", data={"lends_own": "y"}).status_code == 303
    session.refresh(payments)
    assert payments.lends_own
    assert "checked" in alice_client.get(f"{URL}/settings").text
    alice_client.post(f"{URL}/own-credentials")
    session.refresh(payments)
    assert not payments.lends_own
    assert told(session) == [{"own_credentials": "allowed"}, {"own_credentials": "withdrawn"}]


def test_the_same_again_is_no_change(alice_client, session, payments):
    alice_client.post(f"{URL}/own-credentials")
    assert told(session) == []


@pytest.mark.parametrize("person", ["bob_client", "charlie_client"])
def test_nobody_else_does(request, session, payments, person):
    client = request.getfixturevalue(person)
    assert client.post(f"{URL}/own-credentials", data={"lends_own": "y"}).status_code == 404
    session.refresh(payments)
    assert not payments.lends_own


def test_members_read_what_holds(bob_client, payments):
    assert "may not use the server\u2019s own AWS credentials" in bob_client.get(f"{URL}/settings").text


def test_wrong_method(alice_client, payments):
    assert alice_client.get(f"{URL}/own-credentials").status_code == 405
