"""Worker and scheduler look out for each other, and who is left tells."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from redis import RedisError

from config import Config
from jobs.lookout import GONE_AFTER_S, Lookout
from jobs.runtime import Runtime
from jobs.stopped import tell_all
from models import Kind
from rotation.clock import DatabaseClock


class Other:
    """The other part, as Redis tells it; and the time that goes by."""

    def __init__(self, monkeypatch) -> None:
        self.at, self.lives, self.told = 1000.0, True, []
        monkeypatch.setattr(time, "monotonic", lambda: self.at)
        monkeypatch.setattr(subprocess, "Popen", self._start)
        self.lookout = Lookout("worker", self._ask)

    def _ask(self) -> bool:
        if self.lives is None:
            raise RedisError
        return self.lives

    def _start(self, command):
        self.told.append(command)
        return self

    def poll(self) -> None:
        pass

    def pass_time(self, seconds: float) -> None:
        end = self.at + seconds
        while self.at < end:
            self.at += 1
            self.lookout.look()


@pytest.fixture
def other(monkeypatch):
    return Other(monkeypatch)


def test_who_is_gone_for_long_is_told_once_an_hour(other):
    other.pass_time(3600)
    assert other.told == []
    other.lives = False
    other.pass_time(GONE_AFTER_S - 20)
    assert other.told == []
    other.pass_time(60)
    assert other.told == [(sys.executable, "-m", "jobs.stopped", "worker")]
    other.pass_time(3000)
    assert len(other.told) == 1
    other.pass_time(700)
    assert len(other.told) == 2


def test_a_restart_is_not_told(other):
    for _ in range(5):
        other.lives = False
        other.pass_time(60)
        other.lives = True
        other.pass_time(60)
    assert other.told == []


def test_while_redis_is_away_nobody_can_say(other):
    other.lives = None
    other.pass_time(60)
    other.lives = True
    other.pass_time(3600)
    assert other.told == []


def test_it_is_told_without_any_queue(world, telling, receiver):
    world.clock.set(datetime.now(UTC))
    telling.webhook(receiver.url)
    tell_all(Runtime(Config(), world.keyring, world.db, DatabaseClock()), "scheduler")
    (received,) = receiver.received
    assert b'"part":"scheduler"' in received.body
    assert [event.kind for event in telling.events()] == [Kind.STOPPED]
