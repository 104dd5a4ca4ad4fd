"""Programs that read the pairs and call AWS, in a process of their own: `python -m soak.consumers` prints what it met.

They ask for a session token, which no fault is aimed at: whatever refuses the key is ours to answer for.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from types import FrameType

from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config import Config
from crypto import Keyring
from models import Project, RotationStrategy
from models.engine import READ_ONLY, open_database
from models.secret import current_values
from practice.seed import REGION
from rotation.aws.clients import ONCE, make_client
from rotation.provider import KeyPair
from rotation.reach.access import Access
from soak.promises import REFUSED

_PAUSE_S = 0.05
_HELD_S = 1.0
"""A program reads its pair that often: shorter than any grace."""


class Consumers:
    """One program for each strategy, in turns: those first whose pair is new, then any."""

    def __init__(self, config: Config) -> None:
        self._engine = open_database(config.database).execution_options(**{READ_ONLY: True})
        self._keyring = Keyring.load(config.master_key, config.instance / "master.key")
        self._access = Access(None, REGION, config.aws_endpoint_url)
        self._read: set[KeyPair] = set()
        self.calls, self.refused, self.told = 0, 0, []

    def pairs(self) -> list[KeyPair]:
        """What the secrets hold now, new pairs first; none where no pair was published yet."""
        with Session(self._engine) as session:
            key = session.scalars(select(Project)).one().sealing_key(self._keyring)
            outputs = session.execute(
                select(RotationStrategy.access_key_secret_id, RotationStrategy.secret_key_secret_id)
            ).all()
            values = current_values(session, key, [secret_id for pair in outputs for secret_id in pair])
        pairs = [KeyPair(values[first].decode(), values[second].decode()) for first, second in outputs]
        random.shuffle(pairs)
        before, self._read = self._read, {pair for pair in pairs if pair.access_key_id.startswith("AKIA")}
        return sorted((pair for pair in pairs if pair in self._read), key=before.__contains__)

    def call(self, pair: KeyPair) -> None:
        """Call AWS once."""
        self.calls += 1
        try:
            make_client("sts", pair, self._access, ONCE).get_session_token()
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSED:
                self.refused += 1
                self.told.append((datetime.now(UTC).isoformat(), pair.access_key_id, error.response["Error"]["Code"]))
        except BotoCoreError:
            return  # the way to AWS, not the key


def main() -> None:
    """Consume until told to end, then print what was met."""
    ended: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        ended.append(number)

    signal.signal(signal.SIGTERM, end)
    consumers = Consumers(Config.from_env(os.environ))
    pairs: list[KeyPair] = []
    while not ended:
        try:
            pairs, until = consumers.pairs(), time.monotonic() + _HELD_S
        except OperationalError:
            time.sleep(_PAUSE_S)
            continue
        while time.monotonic() < until and not ended:
            for pair in pairs:
                if time.monotonic() >= until or ended:
                    break
                consumers.call(pair)
                time.sleep(_PAUSE_S)
            time.sleep(_PAUSE_S)
    told = {"calls": consumers.calls, "refused": consumers.refused, "told": consumers.told[:20]}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
