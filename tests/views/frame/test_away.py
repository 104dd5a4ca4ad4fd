"""What is said while the database can't be written or doesn't answer."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import event, select

import models.engine
from app import create_app
from config import Config
from database import db
from models import Secret
from models.user import SESSION_TOUCH
from tests.api import programs
from tests.databases.full_disk import no_room

PAYMENTS = "/projects/payments"
THEME = "/account/theme"


@contextmanager
def locked(app, monkeypatch):
    """Another program writes, and goes on for longer than anybody waits."""
    monkeypatch.setattr(models.engine, "BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture
def browser(bob_client, session):
    """Bob's; what the test has set up is stored."""
    session.commit()
    return bob_client


def asks(client, **options):
    """Press a button that changes something."""
    return client.post(THEME, data={"theme": "dark"}, **options)


def test_a_lock_that_lasts_is_told(app, bob, browser, monkeypatch, caplog):
    with locked(app, monkeypatch):
        response = asks(browser)
        line = asks(browser, htmx=True)
        assert browser.get("/").status_code == 200
    assert response.status_code == line.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert "<h1>The database is locked</h1>" in response.text
    assert line.text.startswith("The database is locked. Another program holds it")
    assert "OperationalError SQLITE_BUSY" in caplog.text
    assert bob.theme == ""
    assert asks(browser).status_code == 303


def test_who_only_looks_waits_for_no_writer(app, browser, clock, monkeypatch):
    """Not even when it is time to record that somebody is there."""
    clock.advance(SESSION_TOUCH.total_seconds() + 1)
    with locked(app, monkeypatch):
        assert browser.get("/").status_code == 200


def test_a_program_waits_for_no_writer(app, client, session, payments, monkeypatch):
    """Not even at the first use of its token, which is recorded."""
    _, text = programs.reader(session, payments)
    session.commit()
    with locked(app, monkeypatch):
        assert programs.read(client, text).status_code == 200


def test_a_file_that_can_not_be_written_is_told(bob, browser):
    with no_room():
        response = asks(browser)
        assert browser.get("/").status_code == 200
    assert response.status_code == 503
    assert "The database can&#39;t be written" in response.text
    assert bob.theme == ""
    assert asks(browser).status_code == 303


def test_a_full_disk_is_told(app, browser, payments, session, caplog):
    """SQLite's own word for it, which it gives where no page can be added."""
    with app.app_context():
        engine = db.engine

    def leave_no_room(connection):
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    session.commit()
    with closing(sqlite3.connect(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))) as other:
        other.execute("VACUUM")  # what other tests left free would be room enough
    event.listen(engine, "begin", leave_no_room)
    try:
        new = {"name": "TOKEN", "value": "hush" * 10_000, "comment": ""}
        response = browser.post(f"{PAYMENTS}/new-secret?environment=production&path=/api", data=new)
    finally:
        event.remove(engine, "begin", leave_no_room)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        engine.dispose()
    assert response.status_code == 503
    assert "The database&#39;s disk is full" in response.text
    assert "SQLITE_FULL" in caplog.text
    assert "hush" not in caplog.text
    assert session.scalars(select(Secret)).all() == []


@pytest.mark.postgres
def test_a_database_that_is_gone_is_told(tmp_path):
    """Whoever is signed in: that stands in the database."""
    url = f"postgresql://nobody@/keyturn?host={tmp_path}"
    app = create_app(Config(instance=tmp_path, database_url=url))
    client = app.test_client()
    client.set_cookie(app.config["KEYTURN_SESSION_COOKIE"], "a token")
    response = client.get("/")
    assert response.status_code == 503
    assert "<h1>The database doesn&#39;t answer</h1>" in response.text
    assert str(tmp_path) not in response.text
