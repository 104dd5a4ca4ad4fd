"""What a person does at the door."""

from __future__ import annotations

from models.audit import Action, AuditEntry
from models.user import UserSession
from tests.conftest import PASSWORD


def entries(session, action):
    return session.query(AuditEntry).filter_by(action=action.value).all()


def attempt(client, name="bob", password=PASSWORD, **more):
    return client.post("/login", data={"name": name, "password": password, **more})


def test_works(client, session, bob, clock):
    response = attempt(client, next="/account")
    assert (response.status_code, response.location) == (303, "/account")
    assert client.get("/account").status_code == 200
    (row,) = session.query(UserSession)
    assert row.created_at == clock.now()
    assert [entry.actor for entry in entries(session, Action.USER_SIGN_IN)] == ["bob"]
