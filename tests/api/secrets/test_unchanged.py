"""What has not changed is said again without asking the database, and never a moment longer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import ServiceToken
from models.secret import write_secret
from tests.api import programs
from tests.api.programs import read
from tests.fake_clock import START
from tests.sql_count import statements


class Program:
    """One that has read its secrets and asks whether they have changed."""

    def __init__(self, app, client, text):
        self.app, self.client, self.text = app, client, text
        self.etag = read(client, text).headers["ETag"]
        self.last = None

    def ask(self, query="", text="", address="127.0.0.1", **headers):
        """How many statements it took; the answer is in `last`."""

        def asking():
            sent = {"If-None-Match": self.etag, **headers}
            sent["Authorization"] = f"Bearer {text or self.text}"
            self.last = self.client.get(
                f"/api/v1/secrets{query}", headers=sent, environ_base={"REMOTE_ADDR": address}
            )  # fmt: skip

        return len(statements(self.app, asking))


@pytest.fixture
def secret(add):
    return add("NAME")


@pytest.fixture
def program(app, client, session, payments, secret):
    _, text = programs.reader(session, payments)
    session.commit()
    made = Program(app, client, text)
    assert made.ask() > 0
    return made


def test_it_is_said_again_word_for_word(program):
    first = program.last
    assert program.ask() == 0
    assert (program.last.status, program.last.data) == (first.status, first.data) == ("304 NOT MODIFIED", b"")
    assert list(program.last.headers) == list(first.headers)


def test_whatever_is_committed_ends_it(program, session, payments, keyring, secret):
    write_secret(session, payments.sealing_key(keyring), secret, b"new", now=START, author="bob", reason="edited")
    session.commit()
    program.ask()
    assert program.last.json["secrets"][0]["value"] == "new"


def test_a_revoked_token_is_refused_at_once(program, session):
    session.query(ServiceToken).one().revoked_at = START
    session.commit()
    program.ask()
    assert program.last.status_code == 401


def test_an_expired_token_is_refused_at_once(app, client, session, payments, secret, clock):
    _, text = programs.reader(session, payments, expires_at=START + timedelta(seconds=10))
    session.commit()
    program = Program(app, client, text)
    program.ask()
    clock.advance(9)
    assert program.ask() == 0
    clock.advance(1)
    program.ask()
    assert program.last.status_code == 401


def test_its_use_goes_on_being_noted(program, session, clock):
    for _ in range(6):
        clock.advance(20)
        program.ask()
    session.expire_all()
    assert clock.now() - session.query(ServiceToken).one().used_at <= timedelta(minutes=1)


def test_nobody_else_is_told(program, session, payments):
    second = programs.reader(session, payments, name="second")[1]
    session.commit()
    for _ in range(2):
        program.ask()
    assert program.ask() == 0
    assert program.ask(text=second) > 0
    program.ask(text="kt_unknown")
    assert program.last.status_code == 401
    assert program.ask(query="?path=/") > 0
    assert program.ask(**{"If-None-Match": '"other"'}) > 0
    assert program.last.status_code == 200


def test_from_elsewhere_it_is_asked_anew(program, session):
    session.query(ServiceToken).one().networks = ["127.0.0.1"]
    session.commit()
    program.ask()
    assert program.ask() == 0
    program.ask(address="203.0.113.9")
    assert program.last.status_code == 401


def test_who_waits_is_asked_for(program):
    """Only the app says what is waited for."""
    program.ask(query="?wait=1")
    assert program.ask(query="?wait=1") > 0


def test_other_methods_arent_looked_at(program):
    assert (
        program.client.post("/api/v1/secrets", headers={"If-None-Match": program.etag}, csrf=False).status_code == 401
    )
