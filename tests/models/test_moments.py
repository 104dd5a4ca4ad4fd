"""Moments: aware in Python, UTC in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from models import Heartbeat
from models.heartbeat import beat

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_naive_moment_is_refused(store):
    session = store.session()
    session.add(Heartbeat(name="sweep", at=datetime(2026, 11, 24, 12, 0)))  # noqa: DTZ001 - what must not be
    with pytest.raises(StatementError, match="needs its time zone"):
        session.flush()


def test_so_is_one_to_compare_with(store):
    with pytest.raises(StatementError, match="needs its time zone"):
        store.reader().scalars(select(Heartbeat).where(Heartbeat.at < datetime(2026, 11, 24))).all()  # noqa: DTZ001


def test_any_zone_becomes_utc(store):
    session = store.session()
    beat(session, "sweep", NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))
    session.commit()
    assert session.scalar(text("SELECT CAST(at AS VARCHAR(19)) FROM heartbeats")).startswith("2026-11-24 12:00:00")
    read = session.scalars(select(Heartbeat.at)).one()
    assert read == NOON
    assert read.utcoffset() == timedelta(0)


def test_microseconds_are_kept(store):
    """What was read is what a compare-and-set finds again."""
    exact = NOON + timedelta(microseconds=123_457)
    session = store.session()
    beat(session, "sweep", exact)
    assert session.scalars(select(Heartbeat.name).where(Heartbeat.at == exact)).one() == "sweep"


def test_a_later_beat_takes_the_place_of_the_earlier(store):
    session = store.session()
    for minutes in range(3):
        beat(session, "sweep", NOON + timedelta(minutes=minutes))
    assert session.scalars(select(Heartbeat.at)).all() == [NOON + timedelta(minutes=2)]
