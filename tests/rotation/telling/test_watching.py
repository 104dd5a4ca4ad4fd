"""What people are told, when, and how often: with the engine and a clock that stands still."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import KeyState, Kind, Project, Rotation
from models.telling.outbox import Audience
from rotation.errors import RotationError
from rotation.telling.watching import tell_stopped
from rotation.telling.words import words_of
from tests.rotation.world import DAY, HOUR

FAILED = Kind.ROTATION_FAILED.value


def told(telling, kind, *audiences):
    return [
        event for event in telling.events() if event.kind == kind and (not audiences or event.audience in audiences)
    ]


def to_people(telling, kind):
    return told(telling, kind, Audience.ALL, Audience.PEOPLE)


def test_a_failure_is_told_first_then_daily_then_when_mended(world, telling):
    world.aws.deny("create_key")
    world.rotate()
    world.rotate()
    assert [event.audience for event in told(telling, FAILED)] == [Audience.ALL, Audience.PROGRAMS]
    world.clock.advance(DAY - HOUR)
    telling.send()
    assert len(to_people(telling, FAILED)) == 1
    world.clock.advance(2 * HOUR)
    telling.send()
    telling.send()
    *_, reminder = to_people(telling, FAILED)
    assert len(to_people(telling, FAILED)) == 2
    assert reminder.audience == Audience.PEOPLE
    assert "It is so since 2026-11-24T12:00:" in words_of(reminder, "").body
    world.aws.allow("create_key")
    world.rotate()
    *_, mended = to_people(telling, FAILED)
    assert words_of(mended, "").title == "[payments] billing-api: rotates again"
    world.clock.advance(2 * DAY)
    telling.send()
    assert len(to_people(telling, FAILED)) == 3, "no reminder of what is mended"


def test_a_success_alone_is_not_told_to_people(world, telling):
    world.rotate()
    (event,) = telling.events()
    assert (event.kind, event.audience) == (Kind.ROTATION_SUCCEEDED, Audience.PROGRAMS)


def test_what_a_worker_writes_that_lost_its_lease_is_in_no_outbox(world, telling, monkeypatch):
    def lose_the_lease(*_arguments, **_named):
        with world.new_session() as other, other.begin():
            other.execute(update(Rotation).values(lease_owner="another"))
        raise RotationError("not_permitted", action="iam:CreateAccessKey")

    monkeypatch.setattr(world.aws, "create_key", lose_the_lease)
    rotation_id = world.request()
    world.run(rotation_id)
    assert world.rotation(rotation_id).is_open
    assert telling.events() == []


def test_a_rotation_that_waits_for_a_person_is_told_once_a_day(world, telling):
    world.change(retire_when="never", interval_s=None)
    world.rotate()
    world.rotate()
    rotation_id = world.request()
    for _ in range(3):
        world.run(rotation_id)
        world.clock.advance(12 * HOUR + 1)
    events = told(telling, Kind.ROTATION_WAITING)
    assert len(events) == 2
    assert "a rotation waits for you" in words_of(events[0], "").title
    assert "Press Retire now" in words_of(events[0], "").body


def test_what_is_due_within_a_day_is_told_once(world, telling):
    world.change(interval_s=30 * DAY)
    world.rotate()
    due_at = world.strategy().due_at
    world.clock.set(due_at - timedelta(days=2))
    telling.send()
    assert told(telling, Kind.ROTATION_DUE) == []
    world.clock.set(due_at - timedelta(hours=20))
    telling.send()
    world.clock.set(due_at - timedelta(hours=2))
    telling.send()
    (event,) = told(telling, Kind.ROTATION_DUE)
    assert "rotates within a day" in words_of(event, "").title


def test_what_turns_often_is_not_told_each_time(world, telling):
    world.change(interval_s=2 * DAY)
    world.rotate()
    world.clock.advance(2 * DAY - HOUR)
    telling.send()
    assert told(telling, Kind.ROTATION_DUE) == []


def test_an_old_key_that_is_used_after_its_grace(world, telling):
    world.rotate()
    old = world.pair()
    world.rotate()
    (key,) = world.access_keys(KeyState.RETIRING)
    world.clock.set(key.retire_at + timedelta(hours=5))
    world.aws.use_key(old.access_key_id)
    world.clock.advance(5 * HOUR)
    world.look(key.id)
    (event,) = told(telling, Kind.KEY_USED)
    assert event.data["key"] == {"access_key_id": old.access_key_id}
    assert f"the old key {old.access_key_id} is still used" in words_of(event, "").title


def test_a_key_older_than_the_project_allows(world, telling):
    world.rotate()
    with world.new_session() as session, session.begin():
        session.scalars(select(Project)).one().max_key_age_s = 10 * DAY
    world.clock.advance(11 * DAY)
    telling.send()
    telling.send()
    (event,) = told(telling, Kind.KEY_OLD)
    assert "the project allows 10 days" in words_of(event, "").body
    world.clock.advance(DAY + HOUR)
    telling.send()
    assert len(told(telling, Kind.KEY_OLD)) == 2


def test_a_standstill_and_its_end(world, telling):
    for _ in range(2):
        with world.new_session() as session, session.begin():
            tell_stopped(session, "worker", world.clock.now(), world.clock.now())
    (event,) = told(telling, Kind.STOPPED)
    assert words_of(event, "").title == "[payments] No worker of Keyturn runs"
    assert words_of(event, "https://keyturn.example.com").body.endswith("https://keyturn.example.com/status")
    telling.send()
    *_, mended = told(telling, Kind.STOPPED)
    assert words_of(mended, "").title == "[payments] The worker runs again"
    telling.send()
    assert len(told(telling, Kind.STOPPED)) == 2


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEST])
def test_every_kind_has_words(kind):
    from rotation.telling.words import _WORDS

    assert kind in _WORDS
