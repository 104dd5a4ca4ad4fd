"""The worker: RQ's own, forking for each job."""

from __future__ import annotations

import importlib

from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from jobs.queue import SWEEP_QUEUE, WORK_QUEUE, JsonJob
from jobs.runtime import runtime
from rotation.providers import preload

_JOB_MODULES = ("jobs.rotate", "jobs.keys", "jobs.sweep")


def run_worker(redis_url: str) -> None:
    """Work until a signal ends the process. Sweeps come first, for they find the work.

    What every job needs is imported, loaded and checked before the first fork. Raises config.ConfigError and
    crypto.MasterKeyError.
    """
    for module in _JOB_MODULES:
        importlib.import_module(module)
    runtime()
    preload()
    # Without `connect`'s time limits: a worker waits for work in one long question.
    redis = Redis.from_url(redis_url)
    queues = [
        Queue(name, connection=redis, job_class=JsonJob, serializer=JSONSerializer)
        for name in (SWEEP_QUEUE, WORK_QUEUE)
    ]
    Worker(queues, connection=redis, job_class=JsonJob, serializer=JSONSerializer).work(logging_level="WARNING")
