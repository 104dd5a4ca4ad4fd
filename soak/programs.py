"""Programs with AWS SDKs, in a process of their own: `python -m soak.programs URL` prints how they were answered.

They ask the web at `URL`, agents and `keyturn credentials` for the credentials of two strategies, of each kind one.
What AWS refused them is judged by its own log (soak.promises): a program may use what has expired.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config import Config
from models import AccessKey, HandsOut, KeyState, RotationStrategy
from models.engine import open_database
from practice.seed import REGION
from soak.world import HANDED_S, OF_PROGRAMS
from tests.sdk.desk import Desk, open_door

_SLOWER = 2
"""So many times the pace of the SDKs' own test: they are here to be hit, not to load the machine."""
_LOOK_S = 0.5


class _Aws:
    """Where AWS is."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url, self.region = endpoint_url, REGION


class Keyturn:
    """The strategies that hand out credentials, and the tokens for them."""

    def __init__(self, config: Config, url: str) -> None:
        self.url, self.aws = url, _Aws(config.aws_endpoint_url or "")
        self.strategies: dict[HandsOut, int] = {}
        self.tokens: dict[HandsOut, str] = {}
        self._engine = open_database(config.database)

    def are_published(self) -> bool:
        """Whether both strategies have a key."""
        active = select(func.count()).select_from(AccessKey).join(RotationStrategy).where(
            RotationStrategy.user_name.in_(OF_PROGRAMS), AccessKey.state == KeyState.ACTIVE.value
        )  # fmt: skip
        with Session(self._engine) as session:
            return session.scalar(active) == len(OF_PROGRAMS)

    def open_doors(self) -> bool:
        """Give each strategy its kind and a token."""
        now = datetime.now(UTC)
        with Session(self._engine) as session, session.begin():
            mine = select(RotationStrategy).where(RotationStrategy.user_name.in_(OF_PROGRAMS))
            for hands_out, strategy in zip(HandsOut, session.scalars(mine), strict=True):
                self.tokens[hands_out] = open_door(session, strategy, hands_out, HANDED_S, now)
                self.strategies[hands_out] = strategy.id
        return True


def main(url: str) -> None:
    """Let them call until told to end, then print how many calls AWS accepted, by the way to the credentials."""
    ended: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        ended.append(number)

    signal.signal(signal.SIGTERM, end)
    keyturn = Keyturn(Config.from_env(os.environ), url)
    desks: list[Desk] = []
    with tempfile.TemporaryDirectory(prefix="keyturn-soak-sdk-") as folder:
        try:
            if _in_spite_of_attacks(keyturn.are_published, ended) and _in_spite_of_attacks(keyturn.open_doors, ended):
                for hands_out in HandsOut:
                    desk = Desk(Path(folder) / hands_out.value, keyturn, hands_out, slower=_SLOWER)
                    desks.append(desk)
            while not ended:
                time.sleep(_LOOK_S)
        finally:
            for desk in desks:
                desk.close()
        sys.stdout.write(json.dumps(_accepted(desks)))


def _in_spite_of_attacks(asks: Callable[[], bool], ended: list[int]) -> bool:
    """Ask again until the answer is yes; False when it is over first."""
    while not ended:
        try:
            if asks():
                return True
        except OperationalError:  # the database is away, locked or full
            pass
        time.sleep(_LOOK_S)
    return False


def _accepted(desks: list[Desk]) -> Counter[str]:
    found: Counter[str] = Counter()
    for desk in desks:
        for (way, _), program in desk.programs.items():
            found[way] += program.accepted()
    return found


if __name__ == "__main__":
    main(sys.argv[1])
