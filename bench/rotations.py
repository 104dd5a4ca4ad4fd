"""rotations_vs_bare: 200 due strategies, 4 workers, against plain boto3 with the same calls in 4 processes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bench.bare import rotate_all
from bench.filling import make_users, users, with_strategies
from bench.running import Instance, keyturn, practice_aws, wait_for
from models import Rotation, RotationStrategy, State
from practice.seed import PracticeAws

_STRATEGIES = 200
_WORKERS = 4
_ROUNDS = 3
_AWS = {"latency_s": 0.05, "propagation_s": [0, 0]}
_WITHIN_S = 600


def measure() -> Iterator[str]:
    """Both runs, one after the other, each at a practice AWS of its own; Keyturn's since all have fallen due."""
    ours_s, ours = _keyturn()
    bare_s, bare = _plain()
    yield f"rotations_vs_bare: {bare_s / ours_s:.2f}"
    yield f"# {_STRATEGIES} rotations: Keyturn {ours_s:.1f} s, plain boto3 {bare_s:.1f} s"
    if ours != bare:
        yield f"# the calls differ: Keyturn {dict(ours - bare)} more, plain boto3 {dict(bare - ours)} more"


def _keyturn() -> tuple[float, Counter[str]]:
    workers = str(_WORKERS)
    with (
        practice_aws(**_AWS) as aws,
        with_strategies(
            aws, _STRATEGIES, verify={"verify_rounds": _ROUNDS, "verify_gap_s": 0}, KEYTURN_WORKERS=workers
        ) as at,
        keyturn(at),
    ):
        before = len(aws.calls())
        # As real due times are: known to the sweep before they come.
        due = datetime.now(UTC) + timedelta(seconds=2 * at.config.sweep_period_s)
        with Session(at.engine) as session, session.begin():
            session.execute(update(RotationStrategy).values(due_at=due))
        wait_for(lambda: _succeeded(at) == _STRATEGIES, "the end of all rotations", _WITHIN_S)
        return (datetime.now(UTC) - due).total_seconds(), _actions(aws, before)


def _plain() -> tuple[float, Counter[str]]:
    with practice_aws(**_AWS) as aws:
        manager = make_users(aws, _STRATEGIES)
        before = len(aws.calls())
        started = time.monotonic()
        rotate_all(aws, manager, users(_STRATEGIES), _ROUNDS, _WORKERS)
        return time.monotonic() - started, _actions(aws, before)


def _succeeded(at: Instance) -> int:
    with Session(at.engine) as session:
        counted = select(func.count()).select_from(Rotation).where(Rotation.state == State.SUCCEEDED.value)
        return session.scalar(counted) or 0


def _actions(aws: PracticeAws, start: int) -> Counter[str]:
    return Counter(call["action"] for call in aws.calls()[start:])
