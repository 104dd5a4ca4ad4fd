"""An administrator invites."""

from __future__ import annotations

import re

import pytest

from models.audit import Action, AuditEntry
from models.links import LinkKind
from models.project import ProjectMember
from models.user import OneTimeLink, User
from tests import factories


def invite(client, **data):
    return client.post("/invitations/new", data=data)


def test_shows_the_link_once_and_it_leads_in(alice_client, client, session, payments):
    page = invite(alice_client, email="dana@example.com", projects=[payments.id])
    link = re.search(r"http://localhost(/invite/\S+)</pre>", page.text)[1]
    assert page.headers["Cache-Control"] == "no-store"
    assert link not in alice_client.get("/people").text
    client.post(link, data={"name": "dana", "password": "seven orange boats drift"})
    dana = session.query(User).filter_by(name="dana").one()
    assert session.get(ProjectMember, (payments.id, dana.id))
    entry = session.query(AuditEntry).filter_by(action=Action.USER_INVITE.value).one()
    assert (entry.actor, entry.thing) == ("alice", "dana@example.com")
    assert entry.detail == {"administrator": False, "projects": ["payments"]}


def test_is_listed_until_it_is_withdrawn(alice_client, client, session, payments):
    page = invite(alice_client, email="dana@example.com")
    link = re.search(r"http://localhost(/invite/\S+)</pre>", page.text)[1]
    assert "dana@example.com" in alice_client.get("/people").text
    (row,) = session.query(OneTimeLink)
    assert alice_client.post(f"/invitations/{row.id}/withdraw").status_code == 303
    assert "dana@example.com" not in alice_client.get("/people").text
    assert client.get(link).status_code == 404
    assert alice_client.post(f"/invitations/{row.id}/withdraw").status_code == 404


def test_offers_all_projects(alice_client, payments, charlie):
    text = alice_client.get("/invitations/new").text
    assert "payments" in text
    assert "data-platform" in text


def test_a_stranger_finds_nothing(bob_client, client, session):
    assert bob_client.get("/invitations/new").status_code == 404
    assert invite(bob_client, is_admin="y").status_code == 404
    assert bob_client.post("/invitations/1/withdraw").status_code == 404
    assert invite(client).location.startswith("/login")
    assert session.query(OneTimeLink).count() == 0


def test_bad_input(alice_client, session):
    assert invite(alice_client, email="nowhere").status_code == 422
    assert invite(alice_client, projects=["no-such-id"]).status_code == 422
    assert session.query(OneTimeLink).filter_by(kind=LinkKind.INVITE.value).count() == 0


def test_wrong_method(alice_client):
    assert alice_client.delete("/invitations/new").status_code == 405
    assert alice_client.get("/invitations/1/withdraw").status_code == 405


@pytest.mark.parametrize("end", ["disable", "step down"])
def test_a_link_ends_with_the_rights_of_who_made_it(app, alice_client, client, session, clock, end):
    """Else an administrator could make a way back in before they have to go."""
    dora = factories.user(session, "dora", is_admin=True)
    doras = app.test_client()
    doras.test_session = session
    doras.sign_in(dora, clock)
    link = re.search(r"http://localhost(/invite/\S+)</pre>", invite(doras, is_admin="y").text)[1]
    assert client.get(link).status_code == 200
    alice_client.post("/people/dora/disable" if end == "disable" else "/people/dora")
    assert client.get(link).status_code == 404
