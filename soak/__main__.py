"""`python -m soak`: ROTATIONS (300), SEED (1) and DATABASE (sqlite, or postgresql) are read from the environment."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import AccessKey, Rotation, RotationStrategy
from soak.attacks import Attacks
from soak.fleet import Fleet
from soak.people import People
from soak.table import table
from soak.world import INTERVAL_S, OF_PROGRAMS, World, world
from supervisor.child import Child, Program

_IMPORTS = (
    "supervisor.web", "supervisor.worker", "supervisor.scheduler", "views", "jobs.rotate", "jobs.keys", "jobs.sweep",
    "soak.consumers", "soak.programs",
)  # fmt: skip
_MEMORY = Path("/dev/shm")  # noqa: S108 - tempfile makes private folders in it
"""The databases live there: whoever is killed takes no written file along, and writing to a disk takes its time."""
_TURN_S = 0.2
_DUE_EVERY_S = 3
_ACTS_A_SECOND = 1.5
_LOOK_S, _TELL_S = 1, 60
_LOOK_AFTER_S = 5
_DRAIN_S = 300
_AT_REST_S = 3
_NO_PROGRESS_S = 120


def main() -> int:
    """Attack, judge, print the table; the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that no process outlives it
    if _MEMORY.is_dir():
        tempfile.tempdir = str(_MEMORY)
    rotations, seed = int(os.environ.get("ROTATIONS") or 300), int(os.environ.get("SEED") or 1)
    for module in _IMPORTS:
        importlib.import_module(module)
    with world(seed, os.environ.get("DATABASE") or "sqlite") as at:
        gc.freeze()
        fleet = Fleet(at.at)
        at.at.engine.dispose()
        callers = {
            "consumers": Child(Program("consumers", at.at.env, module="soak.consumers", once=True)),
            "programs": Child(
                Program("programs", at.at.env, module="soak.programs", arguments=(fleet.url,), once=True)
            ),
        }
        try:
            fleet.start()
            attacks, people = Attacks(seed, fleet, at), People(seed, at)
            _attack(rotations, seed, at, fleet, attacks, people)
            attacks.end()
            people.end()
            _let_all_end(at, fleet, people)
            for caller in callers.values():
                caller.ask_to_end()
            told = {name: _result(caller) for name, caller in callers.items()}
            made = table(at, fleet.kills, attacks.done, people, told["consumers"], Counter(told["programs"]))
        finally:
            fleet.close()
            for caller in callers.values():
                caller.kill()
        sys.stdout.write(f"{made}\n")
        return 0 if made.is_well else 1


def _attack(rotations: int, seed: int, at: World, fleet: Fleet, attacks: Attacks, people: People) -> None:
    """Until so many rotations have ended, or a signal says that it is enough."""
    random, enough = Random(f"turns {seed}"), []
    signal.signal(signal.SIGUSR1, lambda *_: enough.append(True))
    progress, cleared = _Progress(), time.monotonic()
    _begin(at, random)
    while progress.ended < rotations and not enough:
        time.sleep(_TURN_S)
        fleet.care()
        attacks.step(progress.ended)
        if random.random() < _ACTS_A_SECOND * _TURN_S:
            people.act()
        if time.monotonic() > cleared + _LOOK_AFTER_S:
            cleared = time.monotonic()
            people.look_after()
        progress.look(at, people)


def _result(caller: Child) -> dict[str, Any]:
    while not caller.ended():
        time.sleep(_TURN_S)
    told: dict[str, Any] = json.loads(caller.result())
    return told


class _Progress:
    """How many rotations have ended, told every minute. Exits when there is none any more."""

    def __init__(self) -> None:
        self.ended, self._since, self._looked = 0, time.monotonic(), 0.0
        self._began = self._told = time.monotonic()

    def look(self, at: World, people: People) -> None:
        """Count them, every second."""
        now = time.monotonic()
        if now < self._looked + _LOOK_S:
            return
        self._looked, ended = now, _ended(at, people)
        if ended > self.ended:
            self.ended, self._since = ended, now
        if now > self._since + _NO_PROGRESS_S:
            raise SystemExit(f"No rotation has ended for {_NO_PROGRESS_S} s; {self.ended} have.")
        if now > self._told + _TELL_S:
            self._told = now
            sys.stderr.write(f"{(now - self._began) / 60:.0f} min: {self.ended} rotations\n")


def _begin(at: World, random: Random) -> None:
    """The first due times: some fall on one moment, and those that programs wait for are now."""
    now = datetime.now(UTC)
    with Session(at.at.engine) as session, session.begin():
        for strategy_id, user_name in session.execute(select(RotationStrategy.id, RotationStrategy.user_name)).all():
            later_s = random.randrange(0, INTERVAL_S, _DUE_EVERY_S)
            due = now.timestamp() + (0 if user_name in OF_PROGRAMS else later_s)
            session.execute(
                update(RotationStrategy)
                .where(RotationStrategy.id == strategy_id)
                .values(due_at=datetime.fromtimestamp(due, UTC))
            )


def _let_all_end(at: World, fleet: Fleet, people: People) -> None:
    """Nothing goes wrong any more: everything ends, or waits for a time to come."""
    rested = 0
    for second in range(_DRAIN_S):
        if rested == _AT_REST_S:
            return
        fleet.care()
        time.sleep(1)
        if second % (2 * _LOOK_AFTER_S) == 0:
            people.look_after()
        rested = rested + 1 if _rests(at) and not people.deletions.to_make_anew else 0


def _rests(at: World) -> bool:
    """Whether no worker has anything in hand, and nothing is due."""
    now = datetime.now(UTC)
    waits = Rotation.lease_until.is_(None) & (Rotation.wait_until > now)
    rows = select(Rotation.id).where(Rotation.ended_at.is_(None), waits.is_not(True))
    keys = select(AccessKey.id).where(AccessKey.look_at <= now)
    with Session(at.reading) as session:
        return session.scalar(rows.limit(1)) is None and session.scalar(keys.limit(1)) is None


def _ended(at: World, people: People) -> int:
    """How many rotations have ended, those included that went with their strategies."""
    own = select(func.count()).select_from(Rotation).join(RotationStrategy, RotationStrategy.id == Rotation.strategy_id)
    try:
        with Session(at.reading) as session:
            ended = own.where(Rotation.ended_at.is_not(None), RotationStrategy.deleting_at.is_(None))
            return (session.scalar(ended) or 0) + people.deletions.outcomes.total()
    except OperationalError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
