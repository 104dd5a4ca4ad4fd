"""Keyturn as it runs, with one strategy for each kind of credentials; both turn by schedule, as often as may be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psutil
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.filling import with_strategies
from bench.running import Instance, keyturn, practice_aws
from jobs.queue import connect
from models import HandsOut, Rotation, RotationStrategy, SharedSession
from models.rotation import State
from practice.seed import PracticeAws
from rotation.programs.sessions import want_session
from tests.processes.processes import wait_for
from tests.sdk.desk import open_door

LIFE_S = 14
"""How long what is handed out holds: half of it is longer than the server is away."""
INTERVAL_S = 5
_AWAY_S = 4.0
"""How long a program may feel that the server was away."""
_SETTINGS = {
    "KEYTURN_SWEEP_PERIOD": "1", "KEYTURN_HANDED_MARGIN": "2", "KEYTURN_LAST_USE_LAG": "1",
    "KEYTURN_LAST_USE_POLL": "1", "KEYTURN_LOG_LEVEL": "WARNING",
}  # fmt: skip


class Office:
    """The strategies by what they hand out, with a token for each, and the moments when the server was away."""

    def __init__(self, at: Instance, aws: PracticeAws, top: int) -> None:
        self.at, self.aws, self._top = at, aws, top
        self.url = f"http://127.0.0.1:{at.env['PORT']}"
        self.strategies: dict[HandsOut, int] = {}
        self.tokens: dict[HandsOut, str] = {}
        self.away: list[tuple[float, float]] = []
        now = datetime.now(UTC)
        with Session(at.engine) as session, session.begin():
            for hands_out, strategy in zip(HandsOut, session.scalars(select(RotationStrategy)).all(), strict=True):
                text = open_door(session, strategy, hands_out, LIFE_S, now, reads_secrets=True)
                strategy.interval_s, strategy.due_at = INTERVAL_S, now
                strategy.grace_s = strategy.quiet_s = strategy.watch_s = 0
                want_session(session, strategy, now)
                self.strategies[hands_out], self.tokens[hands_out] = strategy.id, text

    def rotations(self, hands_out: HandsOut) -> int:
        """How many rotations of the strategy have published a key."""
        ended = Rotation.strategy_id == self.strategies[hands_out], Rotation.state == State.SUCCEEDED.value
        with Session(self.at.engine) as session:
            return session.scalar(select(func.count()).select_from(Rotation).where(*ended)) or 0

    def has_session(self) -> bool:
        """Whether there are temporary credentials to hand out."""
        with Session(self.at.engine) as session:
            there = select(SharedSession.id).where(SharedSession.credentials.is_not(None))
            return session.scalar(there) is not None

    def restart_web(self) -> None:
        """End the web; whoever watches it starts it anew. It is away meanwhile."""
        begun, port = time.time(), int(self.at.env["PORT"])
        before = _listening(self._top, port)
        for process in psutil.Process(self._top).children():
            if before & {each.pid for each in (process, *process.children(recursive=True))}:
                process.terminate()
        wait_for(lambda: _listening(self._top, port) - before, "the web")
        self.away.append((begun, time.time() + _AWAY_S))

    def flush_redis(self) -> None:
        """Take all that Redis has."""
        redis = connect(self.at.config.redis)
        redis.flushall()
        redis.close()


def _listening(top: int, port: int) -> set[int]:
    """Which of the processes below `top` have the port."""
    found = set()
    for process in psutil.Process(top).children(recursive=True):
        try:
            if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in process.net_connections()):
                found.add(process.pid)
        except psutil.Error:
            continue
    return found


@contextmanager
def office() -> Iterator[Office]:
    """Keyturn and practice AWS, until the end of the block."""
    behaviour = {"propagation_s": [0, 0.5], "deletion_s": [0, 1], "session_at_most_s": LIFE_S, "latency_s": 0.005}
    with (
        practice_aws(**behaviour) as aws,
        with_strategies(aws, len(HandsOut), verify={"verify_rounds": 2, "verify_gap_s": 1}, **_SETTINGS) as at,
        keyturn(at) as top,
    ):
        made = Office(at, aws, top)
        wait_for(lambda: all(made.rotations(each) for each in HandsOut), "the first keys")
        wait_for(made.has_session, "the first temporary credentials")
        yield made
