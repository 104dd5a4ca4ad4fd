"""The app, a session, a clock, and three people: alice administers, bob is a member of `payments`, charlie a stranger
to it, who has a project of his own.

Write with `session`, or by `tests.factories`, and go on: what was written is committed before the next request, and
what a request changed is seen after it.
"""

from __future__ import annotations

import gc
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

import crypto.passwords
from app import create_app
from config import Config
from crypto import Keyring
from database import db
from models import Base
from models.engine import READ_ONLY
from models.project import Project
from models.user import User, start_session
from tests import factories
from tests.databases.no_power_cut import care_for_no_power_cut
from tests.fake_clock import START, FakeClock
from views.frame import limits

pytest_plugins = [
    "tests.databases.fixtures",  # the fixtures `postgres_url` and `database_url`
    "tests.in_parallel",
    "tests.databases.worlds",  # the fixtures `sqlite_world`, `postgres_world` and `any_world`
    "tests.practice_aws",  # the fixture `practice`: practice AWS over HTTP
]

# The same examples each time, however slow the machine is.
settings.register_profile("keyturn", deadline=None, derandomize=True)
settings.load_profile("keyturn")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List where processes were killed: who reads the run sees that it was everywhere."""
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "killed at" and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid} killed at {told}")


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector of garbage needn't walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


# After each test: sorted and written once. Numbers begin anew, as in a new database.
_EMPTY = [*(str(table.delete()) for table in reversed(Base.metadata.sorted_tables)), "DELETE FROM sqlite_sequence"]

PASSWORD = "correct horse battery staple"


class Client(FlaskClient):
    """A browser: sends the CSRF token by itself, and knows who it is.

    `htmx=True` asks as htmx does; `csrf=False` leaves the token out.
    """

    test_session: Session
    user: User | None = None

    def open(self, *args: Any, htmx: bool = False, csrf: bool = True, **kwargs: Any) -> TestResponse:
        self.test_session.commit()
        headers = dict(kwargs.pop("headers", None) or {})
        if htmx:
            headers["HX-Request"] = "true"
        if csrf and kwargs.get("method") == "POST":
            headers["X-CSRFToken"] = self._csrf_token()
        response = super().open(*args, headers=headers, buffered=True, **kwargs)
        self.test_session.commit()
        return response

    def sign_in(self, user: User, clock: FakeClock) -> None:
        """As if `user` had just given the password."""
        token = start_session(self.test_session, user, clock.now(), address="127.0.0.1", browser="Firefox Linux")
        self.set_cookie(self.application.config["KEYTURN_SESSION_COOKIE"], token)
        self.user = user

    def _csrf_token(self) -> str:
        with self.session_transaction() as cookie:
            raw = cookie.setdefault("csrf_token", "a token of the tests")
        return URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(raw)


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config(instance=tmp_path_factory.mktemp("instance"))


@pytest.fixture(scope="session")
def _clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def clock(_clock: FakeClock) -> FakeClock:
    """The app's clock; each test starts at the same moment."""
    _clock.set(START)
    return _clock


@pytest.fixture(scope="session")
def _app(config: Config, _clock: FakeClock) -> Flask:
    # The cheapest Argon2, for the tests' time; its real parameters are checked in tests/views/test_sign_in.py.
    crypto.passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    app = create_app(config, _clock)
    app.testing = True
    app.test_client_class = Client
    with app.app_context():
        care_for_no_power_cut(db.engine)
        Base.metadata.create_all(db.engine)
    return app


@pytest.fixture
def app(_app: Flask, clock: FakeClock):
    """The app over an empty database."""
    yield _app
    with _app.app_context():
        limits.limiter._fallback_limiter.storage.reset()
        with db.engine.begin() as connection:
            for statement in _EMPTY:
                connection.exec_driver_sql(statement)


@pytest.fixture
def session(app: Flask):
    """A session of the test's own. It takes no write lock before it writes, so that a request isn't kept waiting."""
    with app.app_context():
        engine = db.engine.execution_options(**{READ_ONLY: True})
    with Session(engine) as session:
        yield session


@pytest.fixture(scope="session")
def keyring(_app: Flask) -> Keyring:
    return _app.extensions["keyturn"].keyring


@pytest.fixture
def client(app: Flask, session: Session) -> Client:
    """A browser in which nobody is signed in."""
    return _client(app, session)


@pytest.fixture
def payments(session: Session, keyring: Keyring, clock: FakeClock) -> Project:
    """Bob's project."""
    return factories.project(session, keyring, "payments")


@pytest.fixture
def alice(session: Session) -> User:
    """An administrator."""
    return factories.user(session, "alice", PASSWORD, is_admin=True)


@pytest.fixture
def bob(session: Session, payments: Project) -> User:
    """A member of `payments`."""
    return factories.user(session, "bob", PASSWORD, projects=[payments])


@pytest.fixture
def charlie(session: Session, keyring: Keyring) -> User:
    """A member of `data-platform`, a stranger to `payments`."""
    return factories.user(session, "charlie", PASSWORD, projects=[factories.project(session, keyring, "data-platform")])


@pytest.fixture
def alice_client(app: Flask, session: Session, alice: User, clock: FakeClock) -> Client:
    return _client(app, session, alice, clock)


@pytest.fixture
def bob_client(app: Flask, session: Session, bob: User, clock: FakeClock) -> Client:
    return _client(app, session, bob, clock)


@pytest.fixture
def charlie_client(app: Flask, session: Session, charlie: User, clock: FakeClock) -> Client:
    return _client(app, session, charlie, clock)


def _client(app: Flask, session: Session, user: User | None = None, clock: FakeClock | None = None) -> Client:
    client = app.test_client()
    client.test_session = session
    if user and clock:
        client.sign_in(user, clock)
    return client
