"""SQLite on a full disk, or locked by another program for longer than anybody waits: nothing is lost by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

import models.engine
from models import KeyState, Rotation, State
from models.audit import Action, AuditEntry
from rotation import steps
from tests.databases.full_disk import no_room
from tests.rotation.world import DAY, USER, World


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(models.engine, "BUSY_TIMEOUT_MS", 20)
    made = World(tmp_path / "keyturn.db")
    made.rotate()
    yield made
    made.close()


def full(_world: World) -> AbstractContextManager[None]:
    """No file can be written any more."""
    return no_room()


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Another program writes all the while."""
    with closing(sqlite3.connect(str(world.db.url.database), timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


class Trouble:
    """Begins at the worker's `method` call of AWS and ends after so many pauses of the worker, or by `end`."""

    def __init__(self, world: World, kind, when: str, method: str, pauses: int, monkeypatch: pytest.MonkeyPatch):
        self.world, self._open, self.pauses, self.waited = world, None, pauses, 0

        def begin(at: str, asked: str) -> None:
            if (at, asked) == (when, method):
                self.world.aws._watchers.clear()
                self._open = kind(world)
                self._open.__enter__()

        world.aws.watch(begin)
        monkeypatch.setattr(steps, "time", SimpleNamespace(sleep=self._pause))

    @property
    def lasts(self) -> bool:
        return self._open is not None

    def end(self) -> None:
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = None

    def _pause(self, _seconds: float) -> None:
        self.waited += 1
        if self.waited == self.pauses:
            self.end()


@pytest.fixture(params=[full, locked], ids=["full", "locked"])
def trouble(world, request, monkeypatch):
    """Makes the trouble; it is over after the test in any case."""
    made = []

    def make(when: str, method: str, pauses: int = 0) -> Trouble:
        made.append(Trouble(world, request.param, when, method, pauses, monkeypatch))
        return made[-1]

    yield make
    for each in made:
        each.end()


def check(world: World) -> None:
    assert world.consumer_call_works()
    assert set(world.aws.keys_of(USER)) == {
        key.access_key_id for key in world.access_keys() if key.state != KeyState.DELETED
    }
    assert not [rotation for rotation in world.rotations() if rotation.is_open]


def test_the_answer_to_create_access_key_waits_in_the_worker(world, trouble):
    """Its intent was committed before; what AWS answered exists nowhere else."""
    trouble = trouble("after", "create_key", pauses=3)
    rotation = world.rotate()
    assert trouble.waited == 3
    assert rotation.state == State.SUCCEEDED
    assert len(world.aws.calls_of("create_key")) == 2
    made = [entry for entry in world.session.query(AuditEntry) if entry.action == Action.KEY_CREATE]
    assert len(made) == 2
    check(world)


def test_an_answer_that_can_not_be_stored_is_told_as_lost(world, trouble):
    trouble = trouble("after", "create_key")
    rotation_id = world.request()
    with pytest.raises(OperationalError):
        world.run(rotation_id)
    trouble.end()
    world.clock.advance(world.timing.lease_s + 1)
    assert world.finish(rotation_id).error_code == "answer_lost"
    world.pass_time(DAY)
    check(world)
    assert not world.access_keys(KeyState.LOST)


@pytest.mark.parametrize("moment", ["before create_key", "after try_key", "before list_keys"])
def test_a_worker_goes_on_later(world, trouble, moment):
    trouble = trouble(*moment.split(), pauses=99)
    rotation_id = world.request()
    while not trouble.lasts:
        with suppress(OperationalError):
            world.run(rotation_id)
        world.clock.advance(2)
    with suppress(OperationalError):
        world.run(rotation_id)
    trouble.end()
    world.clock.advance(world.timing.lease_s + 1)
    ended: Rotation = world.finish(rotation_id)
    assert ended.state == State.SUCCEEDED or ended.error_code == "answer_lost"
    world.pass_time(DAY)
    assert world.rotate().state == State.SUCCEEDED
    check(world)


def test_a_retirement_goes_on_later(world, trouble):
    world.rotate()
    trouble = trouble("after", "delete_key")
    with suppress(OperationalError):
        world.pass_time(4 * DAY)
    assert trouble.lasts
    trouble.end()
    world.pass_time(DAY)
    check(world)
    assert not world.access_keys(KeyState.RETIRING)
