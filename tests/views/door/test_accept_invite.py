"""Joining by an invitation's link."""

from __future__ import annotations

import pytest

from models.links import LinkKind, make_link
from models.project import ProjectMember
from models.user import User

GOOD = {"name": "dana", "email": "", "password": "seven orange boats drift"}


@pytest.fixture
def link(session, clock, alice, payments):
    token = make_link(
        session, LinkKind.INVITE, clock.now(), by=alice, email="dana@example.com", project_ids=(payments.id, "gone")
    )
    return f"/invite/{token}"


def test_works_once(client, session, link, payments):
    assert "dana@example.com" in client.get(link).text
    assert client.post(link, data=GOOD).status_code == 303
    dana = session.query(User).filter_by(name="dana").one()
    assert not dana.is_admin
    assert [member.project_id for member in session.query(ProjectMember)] == [payments.id]
    assert client.get("/account").status_code == 200
    assert client.get("/people").status_code == 404
    assert client.post(link, data=GOOD | {"name": "eve"}).status_code == 404


def test_a_taken_name_is_said_at_its_field_and_the_link_still_works(client, session, link, bob):
    response = client.post(link, data=GOOD | {"name": "BOB"})
    assert response.status_code == 422
    assert "This name is taken." in response.text
    assert client.post(link, data=GOOD).status_code == 303


def test_an_invitation_runs_out_after_a_week(client, clock, link):
    clock.advance(7 * 24 * 3600)
    assert client.get(link).status_code == 404


def test_wrong_method_and_unknown_token(client, link):
    assert client.put(link).status_code == 405
    assert client.get("/invite/guessed").status_code == 404


def test_an_administrators_invitation_makes_one(client, session, clock, alice):
    token = make_link(session, LinkKind.INVITE, clock.now(), by=alice, is_admin=True)
    client.post(f"/invite/{token}", data=GOOD)
    assert client.get("/people").status_code == 200


def test_bad_input(client, link):
    assert client.post(link, data={}).status_code == 422
    assert client.post(link, data=GOOD | {"password": "short"}).status_code == 422
