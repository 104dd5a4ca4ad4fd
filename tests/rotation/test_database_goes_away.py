"""The database goes away for a moment, at the n-th commit of a rotation, for every n: before it is done, or after.

Nothing is lost by it: no consumer reads a key that AWS refuses, and no key is at AWS that Keyturn doesn't know of or
tell about.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from models import KeyState, State
from tests.rotation.world import DAY, USER, World


class Outage:
    """Lets the n-th commit of a worker fail, `done` or not."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, at: int, *, done: bool) -> None:
        self.world, self.at, self.done, self.seen, self.happened = world, at, done, 0, False
        self.worker_runs = False
        self._commit = world.db.dialect.do_commit
        monkeypatch.setattr(world.db.dialect, "do_commit", self._do_commit)

    def run(self, rotation_id: int) -> None:
        """A worker's turn; its job ends with the outage, and its lease goes by."""
        self.worker_runs = True
        try:
            self.world.run(rotation_id)
            self.world.clock.advance(2)
        except OperationalError:
            self.world.clock.advance(self.world.timing.lease_s + 1)
        finally:
            self.worker_runs = False

    def _do_commit(self, connection) -> None:
        if not self.worker_runs:
            self._commit(connection)
            return
        self.seen += 1
        now = self.seen == self.at
        if self.done or not now:
            self._commit(connection)
        else:
            connection.rollback()
        if now:
            self.happened = True
            raise sqlite3.OperationalError("the database went away")


def outages(world: World, monkeypatch: pytest.MonkeyPatch, *, done: bool) -> Iterator[int]:
    """The database goes away at the first, second, ... commit of a rotation, each time from the same moment on."""
    world.rotate()
    world.clock.advance(8 * DAY)
    saved = world.save()
    for at in range(1, 200):
        world.go_back(saved)
        with monkeypatch.context() as patch:
            outage = Outage(world, patch, at, done=done)
            rotation_id = world.request()
            while world.rotation(rotation_id).is_open:
                outage.run(rotation_id)
        if not outage.happened:
            return
        yield at


@pytest.mark.parametrize(
    ("done", "listing"),
    [(True, True), (False, True), (False, False)],
    ids=["committed", "not committed", "not committed, may not list"],
)
def test_a_rotation(world, monkeypatch, done, listing):
    if not listing:
        world.aws.deny("list_keys")
    at = 0
    for at in outages(world, monkeypatch, done=done):
        world.pass_time(20 * 60)
        where = f"commit {at}"
        assert world.consumer_call_works(), where
        assert not [rotation for rotation in world.rotations() if rotation.is_open], where
        assert not world.access_keys(KeyState.PENDING), where
        unknown = set(world.aws.keys_of(USER)) - {key.access_key_id for key in world.access_keys()}
        assert not unknown or (not listing and world.access_keys(KeyState.LOST)), where
    assert at > 10
    if listing:
        assert world.rotate().state == State.SUCCEEDED
