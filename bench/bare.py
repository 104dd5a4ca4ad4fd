"""The baseline: the AWS calls of a rotation with plain boto3, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import Process
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from practice.seed import PracticeAws
from rotation.provider import KeyPair

_ONCE = Config(retries={"total_max_attempts": 1})
_TRIES = (("sts", "get_caller_identity"), ("iam", "get_user"), ("s3", "list_buckets"))


def rotate_all(aws: PracticeAws, manager: KeyPair, names: Sequence[str], rounds: int, processes: int) -> None:
    """Turn the keys of these users in so many processes."""
    place = (aws.endpoint_url, aws.region, manager)
    workers = [
        Process(target=_rotate_some, args=(*place, names[start::processes], rounds)) for start in range(processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _rotate_some(endpoint_url: str, region: str, manager: KeyPair, names: Sequence[str], rounds: int) -> None:
    session = boto3.session.Session(region_name=region)

    def client(service: str, pair: KeyPair) -> Any:
        return session.client(
            service, endpoint_url=endpoint_url, config=_ONCE, aws_access_key_id=pair.access_key_id,
            aws_secret_access_key=pair.secret_access_key,
        )  # fmt: skip

    iam = client("iam", manager)
    with ThreadPoolExecutor(len(_TRIES)) as threads:
        for name in names:
            iam.list_access_keys(UserName=name)
            made = iam.create_access_key(UserName=name)["AccessKey"]
            pair = KeyPair(made["AccessKeyId"], made["SecretAccessKey"])
            clients = [(client(service, pair), call) for service, call in _TRIES]
            for _ in range(rounds):
                list(threads.map(lambda each: _try(*each), clients))


def _try(client: Any, call: str) -> None:
    with suppress(ClientError):  # AccessDenied: the service knows the key
        getattr(client, call)()
