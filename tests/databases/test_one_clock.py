"""Machines whose clocks differ judge leases and due times by the database's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

import rotation.clock
from models.engine import open_database
from rotation.clock import DatabaseClock

HOUR = timedelta(hours=1)


class Machine(datetime):
    """A machine whose clock is wrong by `ahead`."""

    ahead = timedelta(0)

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + cls.ahead


@pytest.fixture(params=[-HOUR, HOUR], ids=["behind", "ahead"])
def wrong(request, monkeypatch):
    monkeypatch.setattr(Machine, "ahead", request.param)
    monkeypatch.setattr(rotation.clock, "datetime", Machine)


def follow(url: str) -> DatabaseClock:
    clock, engine = DatabaseClock(), open_database(url)
    with Session(engine) as session:
        clock.follow(session)
        assert not session.in_transaction()
    engine.dispose()
    return clock


@pytest.mark.postgres
def test_a_machine_whose_clock_is_wrong_follows_the_database(wrong, postgres_url):
    assert abs(follow(postgres_url).now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.postgres
def test_time_goes_on_though_the_machines_clock_jumps(monkeypatch, postgres_url):
    clock = follow(postgres_url)
    before = clock.now()
    monkeypatch.setattr(Machine, "ahead", HOUR)
    monkeypatch.setattr(rotation.clock, "datetime", Machine)
    assert before <= clock.now() < before + timedelta(minutes=1)


def test_all_processes_on_one_sqlite_file_share_their_machines_clock(tmp_path):
    clock = follow(f"sqlite:///{tmp_path / 'keyturn.db'}")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.now().tzinfo is UTC
