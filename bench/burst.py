"""burst_1000_vs_perfect: 1,000 strategies fall due at once, against the same AWS calls made by 4 bare processes.

20 connections, 100 ms an answer, 5 s until AWS knows a key, default verification, 4 workers. `BURST=200` takes fewer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bench.bare import rotate_all
from bench.filling import make_users, users, with_strategies
from bench.running import Instance, keyturn, practice_aws, wait_for
from models import Rotation, RotationStrategy

_STRATEGIES = int(os.environ.get("BURST", "1000"))
_CONNECTIONS = 20
_WORKERS = 4
_ANSWER_S = 0.1
_PROPAGATION_S = 5
_WITHIN_S = 3600


def measure() -> Iterator[str]:
    """Both runs, one after the other; the bare processes try a key as often as Keyturn did, and wait for nothing."""
    ours_s, rounds = _keyturn()
    bare_s = _plain(rounds)
    yield f"burst_1000_vs_perfect: {ours_s / bare_s:.2f}"
    yield f"# {_STRATEGIES} rotations, {rounds} rounds each: Keyturn {ours_s:.0f} s, plain boto3 {bare_s:.0f} s"


def _keyturn() -> tuple[float, int]:
    with (
        practice_aws(latency_s=_ANSWER_S, propagation_s=[_PROPAGATION_S, _PROPAGATION_S]) as aws,
        with_strategies(aws, _STRATEGIES, connections=_CONNECTIONS, KEYTURN_WORKERS=str(_WORKERS)) as at,
        keyturn(at),
    ):
        before, started = len(aws.calls()), time.monotonic()
        with Session(at.engine) as session, session.begin():
            session.execute(update(RotationStrategy).values(due_at=datetime.now(UTC)))
        wait_for(lambda: _ended(at) == _STRATEGIES, "the end of all rotations", _WITHIN_S)
        took_s = time.monotonic() - started
        tries = sum(call["action"].endswith("GetCallerIdentity") for call in aws.calls()[before:])
        return took_s, round(tries / _STRATEGIES)


def _plain(rounds: int) -> float:
    with practice_aws(latency_s=_ANSWER_S, propagation_s=[0, 0]) as aws:
        manager = make_users(aws, _STRATEGIES)
        started = time.monotonic()
        rotate_all(aws, manager, users(_STRATEGIES), rounds, _WORKERS)
        return time.monotonic() - started


def _ended(at: Instance) -> int:
    with Session(at.engine) as session:
        return session.scalar(select(func.count()).select_from(Rotation).where(Rotation.ended_at.is_not(None))) or 0
