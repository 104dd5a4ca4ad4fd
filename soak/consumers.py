"""Programs that read the pairs and call AWS, in a process of their own: `python -m soak.consumers` prints what it met.

They ask for a session token, which no fault is aimed at: whatever refuses the key is ours to answer for.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import OrderedDict
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config import Config
from crypto import Keyring
from models import Project, RotationStrategy
from models.engine import READ_ONLY, open_database
from models.secret import current_values
from practice.seed import REGION, PracticeAws
from rotation.provider import KeyPair

_PAUSE_S = 0.02
_HELD_S = 1.0
"""A program reads its pair that often: shorter than any grace."""
_CLIENTS = 100
_REFUSED = {"InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "InvalidAccessKeyId"}


class Consumers:
    """One program for each strategy, in turns."""

    def __init__(self, config: Config) -> None:
        self._engine = open_database(config.database).execution_options(**{READ_ONLY: True})
        self._keyring = Keyring.load(config.master_key, config.instance / "master.key")
        self._aws = PracticeAws(config.aws_endpoint_url, "", KeyPair("none", "none"), REGION)
        self._clients: OrderedDict[KeyPair, Any] = OrderedDict()
        self.calls, self.refused, self.told = 0, 0, []

    def pairs(self) -> list[KeyPair]:
        """What the secrets hold now; none where no pair was published yet."""
        with Session(self._engine) as session:
            key = session.scalars(select(Project)).one().sealing_key(self._keyring)
            outputs = session.execute(
                select(RotationStrategy.access_key_secret_id, RotationStrategy.secret_key_secret_id)
            ).all()
            values = current_values(session, key, [secret_id for pair in outputs for secret_id in pair])
        pairs = [KeyPair(values[first].decode(), values[second].decode()) for first, second in outputs]
        return [pair for pair in pairs if pair.access_key_id.startswith("AKIA")]

    def call(self, pair: KeyPair) -> None:
        """Call AWS once."""
        self.calls += 1
        try:
            self._client(pair).get_session_token()
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSED:
                self.refused += 1
                self.told.append(f"{time.time():.3f} {pair.access_key_id} {error.response['Error']['Code']}")
        except BotoCoreError:
            return  # the way to AWS, not the key

    def _client(self, pair: KeyPair) -> Any:
        if pair not in self._clients:
            self._clients[pair] = self._aws.client("sts", pair)
            while len(self._clients) > _CLIENTS:
                self._clients.popitem(last=False)
        return self._clients[pair]


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
