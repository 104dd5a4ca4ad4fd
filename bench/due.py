"""due_to_start_p99_s: of 10,000 strategies 100 fall due at once; how long until their rotations start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bench.figures import percentile
from bench.filling import fill_many, with_strategies
from bench.running import Instance, keyturn, practice_aws, wait_for
from models import Rotation, RotationStrategy

_STRATEGIES = 10_000
_DUE = 100


def measure() -> Iterator[str]:
    """The default sweep and 2 workers.

    The keys that are made are verified by STS alone: practice AWS shares the processors with what is measured.
    """
    with (
        practice_aws(propagation_s=[0, 0]) as aws,
        with_strategies(aws, _DUE, verify={"verify_services": ["sts"]}, KEYTURN_WORKERS="2") as at,
    ):
        fill_many(at, _STRATEGIES - _DUE)
        yield from _with(at)


def _with(at: Instance) -> Iterator[str]:
    with keyturn(at):
        due = datetime.now(UTC) + timedelta(seconds=2 * at.config.sweep_period_s)
        with Session(at.engine) as session, session.begin():
            chosen = select(RotationStrategy.id).order_by(RotationStrategy.id).limit(_DUE)
            session.execute(update(RotationStrategy).where(RotationStrategy.id.in_(chosen)).values(due_at=due))
        wait_for(lambda: len(_started(at)) == _DUE, "the start of all rotations")
        delays = [(started - due).total_seconds() for started in _started(at)]
        yield f"due_to_start_p99_s: {percentile(delays, 99):.2f}"
        median, longest = percentile(delays, 50), max(delays)
        yield f"# sweep every {at.config.sweep_period_s} s; median {median:.2f} s, longest {longest:.2f} s"


def _started(at: Instance) -> list[datetime]:
    with Session(at.engine) as session:
        return list(
            session.scalars(
                select(Rotation.started_at).where(Rotation.started_at.is_not(None), Rotation.due_at.is_not(None))
            )
        )
