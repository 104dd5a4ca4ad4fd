"""A worker that is killed before or after its n-th commit or its n-th question to AWS, for every n.

Then others go on with what it left. At no moment does a consumer read a key that AWS refuses, and in the end nothing is
at AWS that Keyturn doesn't know of or tell about.
"""

from __future__ import annotations

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from models import KeyState, State
from rotation.ending import leaks, undoing, wishes
from tests.rotation.world import DAY, USER, World


class Killed(BaseException):
    """The process ends here: nothing of the engine may catch it."""


class Killer:
    """Counts the moments at which a process can die, and ends it at the n-th."""

    def __init__(self, world: World, at: int) -> None:
        self.world, self.at, self.seen, self.armed = world, at, 0, True
        self.refused_calls = 0
        world.aws.watch(lambda when, method: self.moment(f"{when} {method}"))
        self._listeners = [("before_commit", self._before), ("after_commit", self._after)]
        for name, listener in self._listeners:
            event.listen(Session, name, listener)

    def remove(self) -> None:
        for name, listener in self._listeners:
            event.remove(Session, name, listener)
        self.world.aws._watchers.clear()

    def _before(self, session: Session) -> None:
        if session is not self.world.session:
            self.moment("before commit")

    def _after(self, session: Session) -> None:
        if session is not self.world.session:
            self.moment("after commit")

    def moment(self, where: str) -> None:
        if not self.armed:
            return
        self.seen += 1
        if self.seen == self.at:
            self.armed = False
            raise Killed(where)


def run_killed(world: World, at: int, act) -> str:
    """Let workers do `act` with the process killed at its n-th moment; where that was, or an empty string."""
    killer = Killer(world, at)
    try:
        act()
    except Killed as killed:
        return str(killed)
    finally:
        killer.remove()
    return ""


def settle(world: World) -> None:
    """Let the next workers finish, a consumer calling AWS all the while."""

    def consume(_when, _method):
        assert world.consumer_call_works()
        assert len(world.aws.keys_of(USER)) <= 2

    world.aws.watch(consume)
    world.pass_time(20 * 60)
    world.aws._watchers.clear()


def check(world: World, *, listing: bool) -> None:
    assert world.consumer_call_works()
    assert not [rotation for rotation in world.rotations() if rotation.is_open]
    known = {key.access_key_id for key in world.access_keys()}
    lost = world.access_keys(KeyState.LOST)
    unknown = set(world.aws.keys_of(USER)) - known
    if listing:
        assert not unknown
        assert not lost
    else:
        assert not unknown or (len(unknown) == 1 and lost), "an unknown key is told as lost"


def places(world: World, act, *, listing: bool, prepare=lambda _world: None) -> list[str]:
    """Kill at every place of `act` in turn, each time from the same moment on; where that was."""
    if not listing:
        world.aws.deny("list_keys")
    world.strategy().connection.verify_rounds = 2
    world.session.commit()
    world.rotate()
    world.clock.advance(10 * DAY)
    prepare(world)
    saved = world.save()
    killed_at = []
    for at in range(1, 500):
        world.go_back(saved)
        where = run_killed(world, at, lambda: act(world))
        if not where:
            return killed_at
        killed_at.append(where)
        try:
            settle(world)
            check(world, listing=listing)
        except AssertionError as error:
            raise AssertionError(f"killed at {at}, {where}: {error}") from error
    raise AssertionError("it never ran unkilled")


@pytest.mark.parametrize("listing", [True, False], ids=["may list", "may not list"])
def test_a_rotation(world, listing):
    killed_at = places(world, lambda world: world.rotate(), listing=listing)
    assert "after create_key" in killed_at
    assert len(killed_at) > 20


def test_a_retirement(world):
    def prepare(world):
        world.rotate()
        world.pass_time(DAY - 60)

    killed_at = places(world, lambda world: world.pass_time(120), listing=True, prepare=prepare)
    assert "after delete_key" in killed_at


def allow_deactivation(world):
    world.aws.allow("deactivate_key")
    world.change(watch_s=600)


def test_a_retirement_by_way_of_an_inactive_key(world):
    def prepare(world):
        allow_deactivation(world)
        world.rotate()
        world.pass_time(DAY - 60)

    killed_at = places(world, lambda world: world.pass_time(900), listing=True, prepare=prepare)
    assert {"after deactivate_key", "after delete_key"} <= set(killed_at)


def test_a_key_that_is_brought_back(world):
    """Who is told that it comes back has it back, whoever dies meanwhile."""

    def prepare(world):
        allow_deactivation(world)
        world.change(watch_s=DAY)
        world.rotate()
        world.pass_time(DAY + 60)
        (old,) = world.access_keys(KeyState.DEACTIVATED)
        assert wishes.bring_back(world.session, old, "alice", world.clock.now())
        world.session.commit()

    def act(world):
        world.sweep()

    killed_at = places(world, act, listing=True, prepare=prepare)
    assert "after activate_key" in killed_at
    (old,) = world.access_keys(KeyState.RETIRING)
    assert world.aws.keys[old.access_key_id].active


def test_an_undo(world):
    def prepare(world):
        allow_deactivation(world)
        world.change(watch_s=DAY)
        world.rotate()
        world.pass_time(DAY + 60)

    def act(world):
        key = undoing.key_before(world.session, world.strategy_id)
        world.session.commit()
        undoing.request_undo(world.session, world.strategy(), key.id, by="alice", now=world.clock.now())
        world.session.commit()
        world.pass_time(60)

    killed_at = places(world, act, listing=True, prepare=prepare)
    assert {"after activate_key", "after try_key"} <= set(killed_at)


def test_a_compromised_key(world):
    def prepare(world):
        allow_deactivation(world)
        assert leaks.mark(world.session, world.access_keys(KeyState.ACTIVE)[0], "alice", world.clock.now())
        world.session.commit()

    killed_at = places(world, lambda world: world.rotate(), listing=True, prepare=prepare)
    assert "after deactivate_key" in killed_at


def test_after_every_death_the_next_rotation_succeeds(world):
    """Not only is nothing broken: the way is free again."""
    world.rotate()
    world.clock.advance(10 * DAY)
    saved = world.save()
    for at in (1, 5, 9, 12, 15, 18, 21):
        world.go_back(saved)
        run_killed(world, at, world.rotate)
        settle(world)
        assert world.rotate().state == State.SUCCEEDED
        assert world.consumer_call_works()
