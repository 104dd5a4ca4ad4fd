"""Signing out, and ending sessions elsewhere."""

from __future__ import annotations

import pytest

from models.audit import Action, AuditEntry
from models.user import UserSession, live_sessions


@pytest.fixture
def second(app, session, bob, clock, client):
    """Bob's other browser."""
    client.sign_in(bob, clock)
    return client


def test_sign_out_ends_the_session_on_the_server(bob_client, session):
    name = bob_client.application.config["KEYTURN_SESSION_COOKIE"]
    token = bob_client.get_cookie(name).value
    assert bob_client.post("/account/sign-out").location == "/login"
    assert bob_client.get_cookie(name) is None
    bob_client.set_cookie(name, token)
    assert bob_client.get("/account").status_code == 302
    assert session.query(AuditEntry).one().action == Action.USER_SIGN_OUT


def test_sign_out_is_a_post(bob_client):
    assert bob_client.get("/account/sign-out").status_code == 405
    assert bob_client.get("/account").status_code == 200


def test_ends_one_of_ones_sessions(bob_client, second, session, clock, bob):
    here = max(session.query(UserSession), key=lambda row: row.id)
    assert second.post(f"/account/sessions/{here.id - 1}/end").status_code == 303
    assert second.get("/account").status_code == 200
    assert bob_client.get("/account").status_code == 302


def test_ends_all_others(bob_client, second, session, clock, bob):
    assert "End all others" in second.get("/account").text
    assert second.post("/account/sessions/end-others").status_code == 303
    assert second.get("/account").status_code == 200
    assert bob_client.get("/account").status_code == 302
    assert len(live_sessions(session, bob, clock.now())) == 1
    assert "End all others" not in second.get("/account").text


def test_a_stranger_cannot_end_it(bob_client, charlie_client, session, bob, clock):
    (row,) = live_sessions(session, bob, clock.now())
    assert charlie_client.post(f"/account/sessions/{row.id}/end").status_code == 404
    assert charlie_client.post("/account/sessions/999/end").status_code == 404
    assert bob_client.get("/account").status_code == 200


def test_nobody_is_sent_to_the_door(client):
    assert client.post("/account/sign-out").location.startswith("/login")
    assert client.post("/account/sessions/1/end").location.startswith("/login")
