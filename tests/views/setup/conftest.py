"""A fake AWS behind the app, for the pages that ask it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import event, select

from database import db
from models import Project
from rotation.provider import KeyPair
from tests.fake_clock import FakeClock
from tests.fake_provider import FakeProvider
from tests.views.setup.filled import MANAGER
from views.system.state import forget


class FakeAws(FakeProvider):
    """Remembers with which keys it was asked; refuses to be asked while a transaction is open."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock, users=("billing-api", "mail-relay"), manager=MANAGER)
        self.asked: list[tuple[str, str, str]] = []
        self.watch(self._no_transaction)

    @staticmethod
    def _no_transaction(_when: str, method: str) -> None:
        assert not db.session().in_transaction(), f"a transaction is open while AWS is asked to {method}"


@pytest.fixture
def aws(app: Flask, clock: FakeClock):
    fake = FakeAws(clock)
    services = app.extensions["keyturn"]

    def provider_for(_kind, access):
        pair = access.key or KeyPair("", "")
        fake.asked.append((pair.access_key_id, pair.secret_access_key, access.region))
        fake.access = access
        return fake

    app.extensions["keyturn"] = replace(services, provider_for=provider_for)
    yield fake
    app.extensions["keyturn"] = services


@pytest.fixture
def theirs(session, charlie):
    """A project that bob may not enter."""
    return session.scalars(select(Project).where(Project.name == "data-platform")).one()


@pytest.fixture
def key(payments, keyring):
    """The key that seals the project's values."""
    return payments.sealing_key(keyring)


@pytest.fixture
def count_statements(app):
    """A context in which SQL statements are counted: it yields the number so far, as a function."""

    @contextmanager
    def counting():
        seen = []

        def remember(_connection, _cursor, statement, *_rest):
            seen.append(statement)

        with app.app_context():
            engine = db.engine
            # How the system is gets asked every few seconds: here each time, so that counts don't depend on time.
            forget()
        event.listen(engine, "before_cursor_execute", remember)
        yield lambda: len(seen)
        event.remove(engine, "before_cursor_execute", remember)

    return counting
