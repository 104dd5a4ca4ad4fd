"""The worker: RQ's own, forking for each burst of jobs."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import signal
import time
from collections.abc import Callable
from functools import cached_property

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, Worker, worker_registration
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.orm import configure_mappers

from config import Config
from jobs.lookout import Lookout
from jobs.periodic import is_scheduled, periodic_jobs
from jobs.queue import SWEEP_QUEUE, TELL_QUEUE, WORK_QUEUE, JsonJob
from jobs.runtime import runtime
from rotation.providers import preload

_BURST_S = 30
"""How long a fork takes further jobs."""
_BEAT_S = 20
"""How often a worker says that it is alive, at work or not."""
_ALIVE_S = 60
"""For how long that counts: a worker that was killed is taken for alive no longer."""
_RQ_MARGIN_S = 15
"""RQ ends its wait for work, and so says that it is alive, that much before its `worker_ttl`."""
_PAUSE_WITHOUT_REDIS_S = 1
_JOB_MODULES = (
    "jobs.rotate", "jobs.batch", "jobs.copies", "jobs.keys", "jobs.sessions", "jobs.sweep", "jobs.telling",
)  # fmt: skip

log = logging.getLogger(__name__)


class BurstWorker(Worker):
    """Forks once for jobs that wait in a row: what the first one has compiled and connected serves the next ones.

    It is registered as long as its key lives in Redis.
    """

    @cached_property
    def _lookout(self) -> Lookout:
        jobs = periodic_jobs(Config.from_env())  # a keyring and a database are for jobs alone
        return Lookout("scheduler", lambda: is_scheduled(self.connection, jobs))

    def heartbeat(self, _timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that it is alive, for `_ALIVE_S`: RQ would let it count for minutes. It registers anew each time.

        RQ does so at its birth alone, and a worker outlives the data of a Redis that lost them.
        """
        super().heartbeat(_ALIVE_S, pipeline)
        worker_registration.register(self, pipeline)
        if os.getpid() == self.pid:
            self._lookout.look()

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """In the fork: perform the job, then those that wait, until the burst has lasted or the worker has to end."""
        until = time.monotonic() + _BURST_S
        well = super().perform_job(job, queue, execution)
        while time.monotonic() < until and (waiting := self._next_job()):
            job, queue = waiting
            super().perform_job(job, queue, self.prepare_execution(job))
        return well

    def _next_job(self) -> tuple[Job, Queue] | None:
        # It got a signal and has noted it in Redis; or it was killed, and nobody could end this fork any more.
        if self.shutdown_requested_date or os.getppid() != self.pid:
            return None
        return Queue.dequeue_any(
            self.queues, None, self.connection, job_class=self.job_class, serializer=self.serializer
        )


def run_worker(redis_url: str) -> None:
    """Work until a signal ends the process, also while Redis is away. Sweeps come first, for they find the work.

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
        for name in (SWEEP_QUEUE, WORK_QUEUE, TELL_QUEUE)
    ]
    work(lambda: BurstWorker(
        queues, connection=redis, job_class=JsonJob, serializer=JSONSerializer, worker_ttl=_BEAT_S + _RQ_MARGIN_S,
        job_monitoring_interval=_BEAT_S,
    ))  # fmt: skip


def work(new_worker: Callable[[], Worker]) -> None:
    """Work until a signal; while Redis is out of reach, keep trying with another worker.

    One that ended with each try would be given up by its supervisor, and the web with it.
    """
    while True:
        try:
            new_worker().work(logging_level="WARNING")
        except RedisError as error:
            log.warning("The worker waits for Redis (%s)", type(error).__name__)
            # RQ's handlers would only tell the worker that has just ended.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            time.sleep(_PAUSE_WITHOUT_REDIS_S)
        else:
            return
