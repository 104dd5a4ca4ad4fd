"""Claiming a new installation: only with the link that its terminal shows."""

from __future__ import annotations

import pytest

from models.audit import Action, AuditEntry
from models.links import LinkKind, make_link
from models.user import OneTimeLink, User

GOOD = {"name": "ana.lima", "email": "ana@example.com", "password": "seven orange boats drift", "zone": "Europe/Lisbon"}


@pytest.fixture
def link(session, clock):
    token = make_link(session, LinkKind.SETUP, clock.now())
    session.commit()
    return f"/setup/{token}"


def test_works_once(client, session, link):
    assert client.get(link).status_code == 200
    assert client.post(link, data=GOOD).location == "/"
    (ana,) = session.query(User)
    assert (ana.name, ana.email, ana.is_admin, ana.time_zone) == ("ana.lima", "ana@example.com", True, "Europe/Lisbon")
    assert ana.password_hash.startswith("$argon2id$")
    assert client.get("/people").status_code == 200
    assert [entry.action for entry in session.query(AuditEntry)] == [Action.USER_CREATE]
    assert client.get(link).status_code == 404
    assert client.post(link, data=GOOD | {"name": "eve"}).status_code == 404


def test_the_token_is_kept_nowhere(session, link):
    (row,) = session.query(OneTimeLink)
    assert link.removeprefix("/setup/") not in vars(row).values()


def test_without_the_link_there_is_only_advice(client, session):
    assert "keyturn up" in client.get("/setup").text
    assert client.get("/setup/guessed").status_code == 404
    assert client.post("/setup/guessed", data=GOOD).status_code == 404
    assert client.post("/setup", data=GOOD).status_code == 405
    assert session.query(User).count() == 0


def test_a_link_of_another_kind_does_not_set_up(client, session, clock):
    token = make_link(session, LinkKind.INVITE, clock.now())
    assert client.post(f"/setup/{token}", data=GOOD).status_code == 404


def test_a_newer_link_takes_the_place_of_the_earlier(client, session, clock, link):
    make_link(session, LinkKind.SETUP, clock.now())
    assert client.post(link, data=GOOD).status_code == 404


def test_a_link_runs_out(client, clock, link):
    clock.advance(24 * 3600)
    assert client.get(link).status_code == 404


def test_who_comes_second_finds_it_set_up(client, link, alice):
    assert client.get(link).status_code == 404
    assert client.get("/setup").status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "A user name"),
        ({"name": "ana lima"}, "Use 1 to 64"),
        ({"name": "-ana"}, "Use 1 to 64"),
        ({"name": "a" * 65}, "Use 1 to 64"),
        ({"name": "\u0430n\u0430"}, "Use 1 to 64"),
        ({"email": "nowhere"}, "An e-mail address such as"),
        ({"password": ""}, "12 characters or more"),
        ({"password": "elevenchars"}, "11 characters; 12 is the least"),
        ({"password": "password1234"}, "Too easy to guess"),
        ({"password": "ana.limaana.lima"}, "Too easy to guess"),
        ({"password": "ana@example.com"}, "Too easy to guess"),
        ({"password": "x9" * 129}, "256 is the most"),
    ],
)
def test_bad_input_is_refused_at_its_field(client, session, link, change, words):
    response = client.post(link, data=GOOD | change)
    assert response.status_code == 422
    assert words in response.text
    assert 'aria-invalid="true"' in response.text
    assert GOOD["password"] not in response.text
    assert session.query(User).count() == 0
    assert client.post(link, data=GOOD).status_code == 303


def test_two_errors_get_a_summary_in_the_order_of_the_fields(client, link):
    text = client.post(link, data={"name": "-", "password": "short"}).text
    assert "2 fields need a correction" in text
    assert text.index('href="#name"') < text.index('href="#password"')
