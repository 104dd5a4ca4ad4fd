"""sweep_10000_ms: one sweep over 10,000 strategies that finds nothing due, on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.figures import percentile
from bench.filling import fill_many
from bench.running import instance
from rotation.when.sweep import sweep_once
from tests.databases.fixtures import new_database
from tests.databases.server import server

_STRATEGIES = 10_000
_TIMES = 50


def measure() -> Iterator[str]:
    """The median of many sweeps, each committed."""
    with instance() as at:
        fill_many(at, _STRATEGIES)
        yield f"sweep_10000_ms: {_median_ms(at.engine):.1f}"
    with (
        server() as made,
        new_database(made.address) as url,
        instance(DATABASE_URL=url.replace("+psycopg", "")) as at,
    ):
        fill_many(at, _STRATEGIES)
        yield f"sweep_10000_ms_postgresql: {_median_ms(at.engine):.1f}"


def _median_ms(engine: Engine) -> float:
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    times = []
    with Session(engine) as session:
        for _ in range(_TIMES):
            started = time.perf_counter()
            due = sweep_once(session, datetime.now(UTC))
            times.append((time.perf_counter() - started) * 1000)
            if due.rotations or due.keys:
                raise ValueError("something is due")
    return percentile(times, 50)
