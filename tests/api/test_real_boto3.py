"""boto3 as it is, by its two settings alone, while the key is turned again and again: no call is ever refused."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from threading import Event, Thread

import boto3
import pytest
from botocore.exceptions import ClientError

from models import HandsOut
from tests.api.served import LIFE_S, Served

ROTATIONS = 3


class Program(Thread):
    """Calls AWS until it is stopped. `calls`: by access key ID; `refused`: what AWS or Keyturn refused."""

    def __init__(self, aws, *, keeps: bool) -> None:
        super().__init__()
        self._session = boto3.Session(region_name=aws.region)
        self._aws, self._keeps = aws, keeps
        self._held = None
        self.calls: Counter[str] = Counter()
        self.refused: list[str] = []
        self.stop = Event()

    def run(self) -> None:
        while not self.stop.wait(0.15):
            try:
                self._call()
            except ClientError as error:
                if error.response["Error"]["Code"] != "AccessDenied" and not self._was_late():
                    self.refused.append(str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure of the program
                self.refused.append(repr(error))

    def _call(self) -> None:
        session = self._kept() if self._keeps else self._session
        sts = session.client("sts", endpoint_url=self._aws.endpoint_url)
        arn = sts.get_caller_identity()["Arn"]
        assert arn
        self.calls[session.get_credentials().access_key] += 1
        session.client("s3", endpoint_url=self._aws.endpoint_url).list_buckets()

    def _was_late(self) -> bool:
        """Whether it called with what had expired on its way, on a machine that is busy with other things."""
        return self._held is not None and datetime.now(UTC) >= self._held[1]

    def _kept(self) -> boto3.Session:
        """What it was handed, used to the last second, as the most frugal SDKs do."""
        if self._held is None or datetime.now(UTC) >= self._held[1]:
            found = boto3.Session(region_name=self._aws.region).get_credentials()
            frozen = found.get_frozen_credentials()
            kept = boto3.Session(frozen.access_key, frozen.secret_key, frozen.token, region_name=self._aws.region)
            self._held = kept, found._expiry_time
        return self._held[0]


@pytest.mark.parametrize("hands_out", list(HandsOut))
def test_no_call_is_refused(practice, environment, tmp_path, hands_out):
    practice.set(propagation_s=[0, 0.5], deletion_s=[0, 0], session_at_most_s=LIFE_S)
    served = Served(tmp_path, practice, hands_out)
    served.rotate()
    served.work()
    with served.over_http() as url:
        environment.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        environment.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", served.token)
        programs = [Program(practice, keeps=False), Program(practice, keeps=True)]
        for program in programs:
            program.start()
        for _ in range(ROTATIONS):
            served.rotate()
        for program in programs:
            program.stop.set()
            program.join()
    for program in programs:
        assert program.refused == []
        assert len(program.calls) >= ROTATIONS, "each key but the last, or a session of each, was used"
        assert all(key_id.startswith("AKIA" if hands_out is HandsOut.KEY else "ASIA") for key_id in program.calls)
