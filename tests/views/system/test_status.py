"""How Keyturn is: for people, for what watches processes, and on every page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy.orm import Session

import migrations
from app import create_app
from config import Config
from database import db
from jobs.queue import QueueState
from models import Project
from models.heartbeat import beat
from tests import factories, turned
from tests.conftest import Client
from tests.fake_clock import START, FakeClock
from views.system import state as system


@dataclass
class Queue:
    """Stands for jobs.queue.Courier."""

    found: QueueState = field(default_factory=lambda: QueueState(True, 1, 0))
    asked: int = 0

    def state(self) -> QueueState:
        self.asked += 1
        return self.found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def whole(tmp_path, clock, queue, monkeypatch):
    """An app of its own, over a database that migrations made, whose workers and sweeps work."""
    monkeypatch.setattr(system, "Courier", lambda _redis: queue)
    app = create_app(Config(instance=tmp_path), clock)
    app.testing = True
    app.test_client_class = Client
    with app.app_context():
        migrations.upgrade(db.engine)
        with Session(db.engine) as session:
            beat(session, "sweep", START - timedelta(seconds=2))
            session.commit()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def session(whole):
    with whole.app_context():
        engine = db.engine
    with Session(engine) as session:
        yield session


@pytest.fixture
def bob_client(whole, session, clock):
    client = whole.test_client()
    client.test_session = session
    keyring = whole.extensions["keyturn"].keyring
    client.sign_in(factories.user(session, "bob", projects=[factories.project(session, keyring)]), clock)
    session.commit()
    return client


@pytest.fixture
def client(whole, session):
    client = whole.test_client()
    client.test_session = session
    return client


def test_all_works(bob_client, queue):
    queue.found = QueueState(True, 2, 7)
    page = bob_client.get("/status").text
    for told in ("All works", "2 workers", "7 jobs waiting", "2 s ago", "SQLite"):
        assert told in page
    assert "Rotations start late" not in page
    assert "Queue, worker and scheduler running" in page


@pytest.mark.parametrize(
    ("found", "band", "to_do"),
    [
        (QueueState(False, 0, 0), "The queue can", "REDIS_URL"),
        (QueueState(True, 1, 3, full=True), "The queue is full", "maxmemory"),
        (QueueState(True, 0, 3), "No worker runs.", "keyturn worker"),
    ],
)
def test_nobody_works(bob_client, queue, found, band, to_do):
    queue.found = found
    page = bob_client.get("/status").text
    assert "Rotations start late." in page
    assert band in page
    assert to_do in page
    elsewhere = bob_client.get("/projects/payments/secrets/production").text
    assert band in elsewhere
    assert 'href="/status">Details' in elsewhere


def test_the_band_goes_by_itself(bob_client, queue):
    queue.found = QueueState(True, 0, 0)
    page = bob_client.get("/projects/payments/secrets/production").text
    assert 'hx-get="/status/band"' in page
    assert "No worker runs." in bob_client.get("/status/band", htmx=True).text
    queue.found = QueueState(True, 1, 0)
    with bob_client.application.app_context():
        system.forget()
    band = bob_client.get("/status/band", htmx=True).text
    assert "Rotations start late" not in band
    assert 'hx-get="/status/band"' in band, "so that it comes back by itself too"


def test_the_schedule_stands_still(bob_client, clock, session):
    clock.advance(60)
    page = " ".join(bob_client.get("/status").text.split())
    assert "Nobody has looked for what is due since" in page
    assert "Stands still" in page
    assert "keyturn scheduler" in page
    beat(session, "sweep", clock.now())
    assert "All works" in bob_client.get("/status").text


def test_before_the_first_sweep(bob_client, session):
    session.execute(system.db.metadata.tables["heartbeats"].delete())
    page = bob_client.get("/status").text
    assert "No sweep yet" in page


def test_counts_what_is_due(bob_client, whole, session):
    keyring = whole.extensions["keyturn"].keyring
    project = session.query(Project).one()
    for number, late_s in enumerate((0, 60)):
        turned.strategy(session, keyring, project, f"user-{number}", due_in=-timedelta(seconds=late_s))
    late = turned.strategy(session, keyring, project, "late")
    turned.rotation(session, late, at=START - timedelta(minutes=5))
    page = " ".join(bob_client.get("/status").text.split())
    assert "2 strategies whose time has come" in page
    assert "1 strategy</span> due for more than 15 seconds" in page
    assert "1 queued, running or waiting" in page
    assert "1 that nobody works on" in page


def test_asks_at_most_every_few_seconds(bob_client, queue, monkeypatch):
    at = [100.0]
    monkeypatch.setattr(system.time, "monotonic", lambda: at[0])
    for moment, asked in ((100.0, 1), (102.9, 1), (103.0, 2)):
        at[0] = moment
        bob_client.get("/")
        assert queue.asked == asked


def test_status_asks_anew(bob_client, queue):
    bob_client.get("/status")
    bob_client.get("/status")
    assert queue.asked == 2


def test_healthz(client, queue):
    response = client.get("/healthz")
    assert (response.status_code, response.text) == (200, "alive\n")
    assert queue.asked == 0


def test_readyz(client):
    response = client.get("/readyz")
    assert (response.status_code, response.json) == (200, {"ready": True, "reasons": []})


def test_not_ready_without_redis(client, queue):
    queue.found = QueueState(False, 0, 0)
    response = client.get("/readyz")
    assert (response.status_code, response.json["reasons"]) == (503, ["Redis doesn't answer"])


def test_not_ready_with_another_versions_schema(client, session):
    session.execute(db.text("UPDATE alembic_version SET version_num = '0000'"))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["reasons"] == ["the database's schema isn't the one that this version needs"]


def test_not_ready_without_the_database(client, whole):
    with whole.app_context():
        path = db.engine.url.database
        db.engine.dispose()
    for name in (path, f"{path}-wal", f"{path}-shm"):
        Path(name).unlink(missing_ok=True)
    Path(path).mkdir()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json["reasons"] == ["the database doesn't answer"]
    assert str(path) not in response.text


def test_a_redis_that_doesnt_answer_costs_a_second_at_most(whole, monkeypatch):
    """The times are what the client is told; a hanging Redis is waited for no longer."""
    monkeypatch.undo()
    with whole.app_context():
        system.forget()
        redis: Redis = system._watch().courier.redis
    options = redis.connection_pool.connection_kwargs
    assert options["socket_timeout"] + options["socket_connect_timeout"] <= 1


def test_wants_a_sign_in(client):
    assert client.get("/status").location.startswith("/login")


def test_wrong_method(bob_client):
    for address in ("/status", "/healthz", "/readyz"):
        assert bob_client.post(address).status_code == 405
