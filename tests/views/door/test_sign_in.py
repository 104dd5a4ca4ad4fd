"""Signing in: right and wrong, how often, and where it leads."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from crypto import passwords
from models.audit import Action, AuditEntry
from models.user import SESSION_IDLE_LIMIT, SESSION_LIMIT, UserSession
from tests import factories
from tests.conftest import PASSWORD


def attempt(client, name="bob", password=PASSWORD, **more):
    return client.post("/login", data={"name": name, "password": password, **more})


def actors(session, action):
    return [entry.actor for entry in session.query(AuditEntry).filter_by(action=action.value)]


def test_works(client, session, bob, clock):
    response = attempt(client, next="/account")
    assert (response.status_code, response.location) == (303, "/account")
    assert client.get("/account").status_code == 200
    (row,) = session.query(UserSession)
    assert row.created_at == clock.now()
    assert actors(session, Action.USER_SIGN_IN) == ["bob"]


def test_a_name_may_be_typed_in_any_case(client, bob):
    assert attempt(client, name=" Bob ").status_code == 303


def test_the_cookie_is_for_the_server_alone_and_its_token_is_kept_nowhere(client, session, bob):
    header = next(line for line in attempt(client).headers.getlist("Set-Cookie") if "session" in line)
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    token = header.split("=", 1)[1].split(";")[0]
    (row,) = session.query(UserSession)
    assert token not in vars(row).values()
    assert len(token) >= 43


def test_a_session_in_the_cookie_before_is_not_the_one_after(client, session, bob):
    attempt(client)
    name = client.application.config["KEYTURN_SESSION_COOKIE"]
    before = client.get_cookie(name).value
    attempt(client)
    assert client.get_cookie(name).value != before


@pytest.mark.parametrize(("name", "password"), [("bob", "wrong"), ("nobody", PASSWORD), ("disabled", PASSWORD)])
def test_every_refusal_looks_the_same(client, session, bob, clock, name, password):
    factories.user(session, "disabled", PASSWORD).disabled_at = clock.now()
    response = attempt(client, name=name, password=password)
    assert response.status_code == 422
    assert "User name or password is wrong" in response.text
    assert f'value="{password}"' not in response.text
    assert actors(session, Action.USER_SIGN_IN_REFUSED) == [name]
    assert client.get("/account").status_code == 302


def test_nobody_costs_as_much_work_as_somebody(client, bob, monkeypatch):
    checked = []

    class Watch(PasswordHasher):
        def verify(self, kept, password):
            checked.append(password)
            return super().verify(kept, password)

    monkeypatch.setattr(passwords, "hasher", Watch(time_cost=1, memory_cost=8, parallelism=1))
    attempt(client, name="nobody", password="wrong")
    attempt(client, name="bob", password="wrong")
    assert checked == ["wrong", "wrong"]


def test_the_eleventh_try_is_not_even_looked_at(client, bob):
    for left in range(9, -1, -1):
        text = attempt(client, password="wrong").text
        assert (f"{left} more" in text) == (left < 4)
    response = attempt(client)
    assert response.status_code == 429
    assert "Too many tries" in response.text


def test_a_name_that_does_not_exist_is_limited_alike(client):
    assert [attempt(client, name="nobody").status_code for _ in range(11)] == [422] * 10 + [429]


def test_another_name_from_the_same_address_is_not_held_up_by_that(client, bob, alice):
    for _ in range(11):
        attempt(client, password="wrong")
    assert attempt(client, name="alice").status_code == 303


def test_an_address_has_forty_tries(client, bob):
    for number in range(40):
        attempt(client, name=f"guess-{number}", password="wrong")
    assert attempt(client).status_code == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    right = {"name": "bob", "password": PASSWORD}
    assert client.post("/login", data=right, environ_base=elsewhere).status_code == 303


def test_a_right_password_gives_its_address_no_tries_back(client, bob, alice):
    """Else who has an account guesses at all others without end."""
    for number in range(39):
        attempt(client, name=f"guess-{number}", password="wrong")
    assert attempt(client).status_code == 303
    client.post("/logout")
    assert attempt(client, name="alice").status_code == 429


def test_a_right_password_starts_the_count_anew(client, bob):
    for _ in range(9):
        attempt(client, password="wrong")
    attempt(client)
    assert attempt(client, password="wrong").status_code == 422
    assert attempt(client).status_code == 303


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "evil", ""])
def test_no_link_leads_to_another_site(client, bob, target):
    assert attempt(client, next=target).location == "/"


def test_who_is_signed_in_is_not_asked_again(bob_client):
    assert bob_client.get("/login?next=/account").location == "/account"
    assert bob_client.get("/login?next=//evil.example").location == "/"


@pytest.mark.parametrize("data", [{}, {"name": "bob"}, {"password": "x"}, {"name": "b" * 65, "password": "x"}])
def test_bad_input(client, bob, data):
    assert client.post("/login", data=data).status_code == 422


def test_the_zone_of_the_browser_is_taken_once(client, session, bob):
    attempt(client, zone="Europe/Berlin")
    assert bob.time_zone == "Europe/Berlin"
    attempt(client, zone="Asia/Tokyo")
    assert bob.time_zone == "Europe/Berlin"


def test_a_zone_that_does_not_exist_is_not_taken(client, session, bob):
    attempt(client, zone="Mars/Olympus")
    assert bob.time_zone == "UTC"


def test_an_outdated_hash_is_made_anew(client, session, bob):
    bob.password_hash = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    attempt(client)
    assert "t=1" in bob.password_hash
    assert attempt(client).status_code == 303


def test_the_real_parameters_are_strong():
    hasher = PasswordHasher()
    assert hasher.type.name == "ID"
    assert hasher.memory_cost >= 19 * 1024
    assert hasher.time_cost >= 2


def test_a_session_ends_when_it_is_old_or_idle(client, bob, clock):
    attempt(client)
    for _ in range(int(SESSION_LIMIT / SESSION_IDLE_LIMIT * 2) - 1):
        clock.advance(SESSION_IDLE_LIMIT.total_seconds() / 2)
        assert client.get("/account").status_code == 200
    clock.advance(SESSION_IDLE_LIMIT.total_seconds() / 2)
    assert client.get("/account").status_code == 302
    attempt(client)
    clock.advance(SESSION_IDLE_LIMIT.total_seconds())
    assert client.get("/account").status_code == 302


def test_an_installation_without_people_says_how_to_set_it_up(client):
    assert client.get("/login").location == "/setup"
