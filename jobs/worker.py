"""The worker: RQ's own, forking for each burst of jobs."""

from __future__ import annotations

import gc
import importlib
import time

from redis import Redis
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.orm import configure_mappers

from jobs.queue import SWEEP_QUEUE, WORK_QUEUE, JsonJob
from jobs.runtime import runtime
from rotation.providers import preload

_BURST_S = 30
"""How long a fork takes further jobs."""
_JOB_MODULES = ("jobs.rotate", "jobs.keys", "jobs.sweep")


class BurstWorker(Worker):
    """Forks once for jobs that wait in a row: what the first one has compiled and connected serves the next ones."""

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """In the fork: perform the job, then those that wait, until the burst has lasted or the worker is to end."""
        until = time.monotonic() + _BURST_S
        well = super().perform_job(job, queue, execution)
        while time.monotonic() < until and (waiting := self._next_job()):
            job, queue = waiting
            super().perform_job(job, queue, self.prepare_execution(job))
        return well

    def _next_job(self) -> tuple[Job, Queue] | None:
        if self.shutdown_requested_date:  # the worker got a signal and has noted it in Redis
            return None
        return Queue.dequeue_any(
            self.queues, None, self.connection, job_class=self.job_class, serializer=self.serializer
        )


def run_worker(redis_url: str) -> None:
    """Work until a signal ends the process. Sweeps come first, for they find the work.

    What every job needs is imported, loaded and checked before the first fork. Raises config.ConfigError and
    crypto.MasterKeyError.
    """
    for module in _JOB_MODULES:
        importlib.import_module(module)
    configure_mappers()
    runtime()
    preload()
    gc.freeze()  # what is loaded by now is shared with the forks, and their collector passes it over
    # Without `connect`'s time limits: a worker waits for work in one long question.
    redis = Redis.from_url(redis_url)
    queues = [
        Queue(name, connection=redis, job_class=JsonJob, serializer=JSONSerializer)
        for name in (SWEEP_QUEUE, WORK_QUEUE)
    ]
    BurstWorker(queues, connection=redis, job_class=JsonJob, serializer=JSONSerializer).work(logging_level="WARNING")
