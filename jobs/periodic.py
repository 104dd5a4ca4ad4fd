"""The periodic jobs, as data, and the scheduler that keeps them in Redis."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis, RedisError
from rq import Queue
from rq.exceptions import InvalidJobOperation
from rq.job import Job, JobStatus
from rq_scheduler import Scheduler

from config import Config
from jobs.lookout import Lookout
from jobs.queue import SWEEP_QUEUE, Courier, JsonJob

log = logging.getLogger(__name__)

POLL_S = 0.25
_PAUSE_WITHOUT_REDIS_S = 1
_LATE_S = 30
"""So late at most a living scheduler is."""


@dataclass(frozen=True)
class Periodic:
    """A function without arguments that is run every `every_s` seconds."""

    name: str
    function: str
    every_s: int

    @property
    def id(self) -> str:
        """The job's id in Redis: another period is another job, so that a change of the setting takes effect."""
        return f"periodic-{self.name}-{self.every_s}"


def periodic_jobs(config: Config) -> list[Periodic]:
    """All periodic jobs."""
    return [Periodic("sweep", "jobs.sweep.sweep", config.sweep_period_s)]


def bring_forward(redis: Redis, jobs: Iterable[Periodic], at: datetime) -> None:
    """Have the jobs run at a time already, where their next one is later. Does nothing while Redis is out of reach."""
    try:
        redis.zadd(Scheduler.scheduled_jobs_key, {job.id: at.timestamp() for job in jobs}, xx=True, lt=True)
    except RedisError as error:
        log.warning("The next sweep isn't brought forward: Redis is out of reach (%s)", type(error).__name__)


class PeriodicScheduler(Scheduler):  # type: ignore[misc]
    """rq-scheduler without what a promise can't rest on.

    The jobs are declared again whenever Redis has lost them; the run lock, which outlives a killed scheduler by 11
    seconds, isn't taken (two schedulers at once cost a sweep too many); a sweep that waits isn't queued again.
    """

    def __init__(self, jobs: Sequence[Periodic], redis: Redis) -> None:
        super().__init__(queue_name=SWEEP_QUEUE, connection=redis, job_class=JsonJob, interval=POLL_S)
        self._jobs = jobs
        courier = Courier(redis)
        self._lookout = Lookout("worker", lambda: _has_workers(courier))

    def reconcile(self) -> None:
        """Make Redis hold exactly the declared periodic jobs; what was scheduled once is left alone."""
        declared = {job.id: job for job in self._jobs}
        for scheduled in self.get_jobs():
            if scheduled.meta.get("interval") and declared.pop(scheduled.id, None) is None:
                self.cancel(scheduled)
                scheduled.delete()
        for job in declared.values():
            self.schedule(datetime.now(UTC), job.function, interval=job.every_s, id=job.id, result_ttl=job.every_s * 10)

    def acquire_lock(self) -> bool:
        """No lock: what is scheduled twice is done once, by the database."""
        return True

    def remove_lock(self) -> None:
        """No lock."""

    def register_death(self) -> None:
        """Tell Redis of the end, where it can be told: an end while Redis is away is an end all the same."""
        with suppress(RedisError):
            super().register_death()

    def get_jobs_to_queue(self, with_times: bool = False) -> Iterable[Any]:  # noqa: FBT001, FBT002 - as in the base
        """The jobs whose time has come, to the millisecond."""
        jobs: Iterable[Any] = self.get_jobs(time.time(), with_times=with_times)
        return jobs

    def enqueue_jobs(self) -> Iterable[Any]:
        """Move what is due into its queue, after making sure that the periodic jobs are there."""
        self._lookout.look()
        if any(self.connection.zscore(self.scheduled_jobs_key, job.id) is None for job in self._jobs):
            self.reconcile()
        jobs: Iterable[Any] = super().enqueue_jobs()
        return jobs

    def enqueue_job(self, job: Job) -> None:
        """Move one job into its queue; a periodic one that still waits there only gets its next time."""
        interval = job.meta.get("interval")
        if interval and _waits(self.get_queue_for_job(job), job):
            self.connection.zadd(self.scheduled_jobs_key, {job.id: time.time() + interval})
        else:
            super().enqueue_job(job)


def _waits(queue: Queue, job: Job) -> bool:
    try:
        return job.get_status() == JobStatus.QUEUED and queue.get_job_position(job) is not None
    except InvalidJobOperation:  # Redis has lost it since it was found due
        return False


def _has_workers(courier: Courier) -> bool:
    """Whether a worker lives, as far as Redis can be asked."""
    state = courier.state()
    return state.workers > 0 or not state.redis


def is_scheduled(redis: Redis, jobs: Iterable[Periodic]) -> bool:
    """Whether a scheduler has moved the periodic jobs lately. Raises RedisError."""
    scores = [redis.zscore(Scheduler.scheduled_jobs_key, job.id) for job in jobs]
    return all(score is not None and float(score) > time.time() - _LATE_S for score in scores)


def run_scheduler(config: Config, redis: Redis) -> None:
    """Schedule until a signal ends the process; while Redis is out of reach, keep trying."""
    while True:
        scheduler = PeriodicScheduler(periodic_jobs(config), redis)
        try:
            scheduler.reconcile()
            scheduler.run()
        except RedisError as error:
            log.warning("The scheduler waits for Redis (%s)", type(error).__name__)
            time.sleep(_PAUSE_WITHOUT_REDIS_S)
