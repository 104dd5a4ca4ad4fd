"""`python -m soak`: ROTATIONS (300), SEED (1) and DATABASE_URL (empty: SQLite) are read from the environment."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from random import Random

from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import Rotation, RotationStrategy
from soak.attacks import Attacks
from soak.fleet import Fleet
from soak.people import People
from soak.table import table
from soak.world import INTERVAL_S, World, world
from supervisor.child import Child, Program

_IMPORTS = (
    "supervisor.web", "supervisor.worker", "supervisor.scheduler", "views", "jobs.rotate", "jobs.keys", "jobs.sweep",
    "soak.consumers",
)  # fmt: skip
_TURN_S = 0.1
_CLEAR_UP_S = 10
_DRAIN_S = 60
_NO_PROGRESS_S = 120


def main() -> int:
    """Attack, judge, print the table; the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that no process outlives it
    rotations, seed = int(os.environ.get("ROTATIONS") or 300), int(os.environ.get("SEED") or 1)
    for module in _IMPORTS:
        importlib.import_module(module)
    with world(seed, os.environ.pop("DATABASE_URL", "")) as at:
        gc.freeze()
        fleet = Fleet(at.at)
        at.at.engine.dispose()
        consumers = Child(Program("consumers", at.at.env, module="soak.consumers", once=True))
        try:
            fleet.start()
            attacks, people = Attacks(seed, fleet, at), People(seed, at)
            _attack(rotations, seed, at, fleet, attacks, people)
            attacks.end()
            people.end()
            _let_all_end(at, fleet)
            consumers.ask_to_end()
            while not consumers.ended():
                time.sleep(_TURN_S)
            consumed = json.loads(consumers.result())
            made = table(at, fleet.kills, attacks.done + people.done, consumed)
        finally:
            fleet.close()
            consumers.kill()
        sys.stdout.write(f"{made}\n")
        for line in consumed["told"]:
            sys.stdout.write(f"  refused: {line}\n")
        return 0 if made.is_well else 1


def _attack(rotations: int, seed: int, at: World, fleet: Fleet, attacks: Attacks, people: People) -> None:
    """Until so many rotations have ended."""
    random, cleared, ended, since = Random(f"turns {seed}"), time.monotonic(), -1, time.monotonic()
    _begin(at, random)
    while ended < rotations:
        time.sleep(_TURN_S)
        fleet.care()
        attacks.step()
        if random.random() < _TURN_S / 2:
            people.act()
        if time.monotonic() > cleared + _CLEAR_UP_S:
            cleared = time.monotonic()
            people.clear_up()
            people.mend()
        now_ended = _ended(at)
        if now_ended != ended:
            ended, since = now_ended, time.monotonic()
        if time.monotonic() > since + _NO_PROGRESS_S:
            raise SystemExit(f"No rotation has ended for {_NO_PROGRESS_S} s; {ended} have.")


def _begin(at: World, random: Random) -> None:
    """The first due times, spread."""
    now = datetime.now(UTC)
    with Session(at.at.engine) as session, session.begin():
        for strategy_id in session.scalars(select(RotationStrategy.id)).all():
            due = now.timestamp() + random.uniform(0, INTERVAL_S)
            session.execute(
                update(RotationStrategy)
                .where(RotationStrategy.id == strategy_id)
                .values(due_at=datetime.fromtimestamp(due, UTC))
            )


def _let_all_end(at: World, fleet: Fleet) -> None:
    """Nothing goes wrong any more: every rotation ends or waits for a time to come."""
    until = time.monotonic() + _DRAIN_S
    while time.monotonic() < until:
        fleet.care()
        time.sleep(1)
        with Session(at.at.engine) as session:
            open_ones = session.scalar(select(func.count()).where(Rotation.ended_at.is_(None)))
            if not open_ones:
                return


def _ended(at: World) -> int:
    try:
        with Session(at.at.engine) as session:
            return session.scalar(select(func.count()).where(Rotation.ended_at.is_not(None))) or 0
    except OperationalError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
