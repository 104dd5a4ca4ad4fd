"""The way to the workers. Redis is a courier: when it can't be reached, the sweep finds the row a little later."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis, RedisError
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler

from models.telling.deliveries import LONGEST_TRY

log = logging.getLogger(__name__)

SWEEP_QUEUE = "keyturn-sweep"
WORK_QUEUE = "keyturn"
TELL_QUEUE = "keyturn-tell"
"""What is told to others or copied to them: after all else, for they may take their time."""

_TELL = "jobs.telling.deliver"
_COPY = "jobs.copies.copy"
_JOB_TIMEOUT_S = 300
_DELIVERY_TIMEOUT_S = int(LONGEST_TRY.total_seconds())
_FAILED_JOBS_KEPT_S = 3600
_CONNECT_TIMEOUT_S = 2
_ANSWER_TIMEOUT_S = 2


class JsonJob(Job):
    """A job whose arguments are JSON wherever it is made: rq-scheduler knows no other way to say so."""

    def __init__(self, id: str | None = None, connection: Any = None, serializer: Any = None) -> None:  # noqa: A002
        super().__init__(id, connection, serializer or JSONSerializer)


@dataclass(frozen=True)
class QueueState:
    """Whether somebody works: what pages say when nobody does."""

    redis: bool
    workers: int
    waiting: int
    full: bool = False
    """Whether Redis has no memory left, and takes no further work."""


def connect(url: str) -> Redis:
    """A client of the Redis at `url` that gives up in seconds; nothing is sent yet."""
    return Redis.from_url(url, socket_connect_timeout=_CONNECT_TIMEOUT_S, socket_timeout=_ANSWER_TIMEOUT_S)


class Courier:
    """Hands ids to workers. No method raises when Redis is out of reach."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._queue = Queue(WORK_QUEUE, connection=redis, job_class=JsonJob, serializer=JSONSerializer)
        self._telling = Queue(TELL_QUEUE, connection=redis, job_class=JsonJob, serializer=JSONSerializer)
        self._waiting: frozenset[str] = frozenset()

    def look(self) -> None:
        """Note what waits in the queue, once for many: it isn't sent again."""
        with suppress(RedisError):
            self._waiting = frozenset((*self._queue.job_ids, *self._telling.job_ids))

    def rotation(self, rotation_id: int, taken: int = 0, at: datetime | None = None) -> None:
        """Have the rotation worked on, now or at a time. `taken`: how often a worker took it so far."""
        self._send("jobs.rotate.rotate", rotation_id, f"rotation-{rotation_id}-{taken}", at)

    def key(self, key_id: str, looked: int = 0, at: datetime | None = None) -> None:
        """Have the access key looked at, now or at a time. `looked`: how often it was looked at so far."""
        self._send("jobs.keys.look_at", key_id, f"key-{key_id}-{looked}", at)

    def session(self, strategy_id: int, fetches: int = 0) -> None:
        """Have temporary credentials of the strategy fetched. `fetches`: how often that was taken up so far."""
        self._send("jobs.sessions.fetch", strategy_id, f"session-{strategy_id}-{fetches}", None)

    def batch(self, batch_id: int) -> None:
        """Have what is left of the batch worked on."""
        self._send("jobs.batch.work_on", batch_id, f"batch-{batch_id}", None)

    def delivery(self, delivery_id: int, tries: int = 0) -> None:
        """Have the delivery tried. `tries`: how often it was taken up so far."""
        self._send(_TELL, delivery_id, f"delivery-{delivery_id}-{tries}", None)

    def copy(self, copy_id: int, tries: int = 0) -> None:
        """Have the copy worked on. `tries`: how often it was taken up so far."""
        self._send(_COPY, copy_id, f"copy-{copy_id}-{tries}", None)

    def state(self) -> QueueState:
        """Whether Redis answers, and how many workers are alive."""
        try:
            # RQ's own count has those that were killed in it until a living one tidies up.
            keys = Worker.all_keys(queue=self._queue)
            alive = self.redis.exists(*keys) if keys else 0
            return QueueState(True, int(alive), len(self._queue), self._is_full())
        except RedisError:
            return QueueState(False, 0, 0)

    def _is_full(self) -> bool:
        memory = self.redis.info("memory")
        most = int(memory.get("maxmemory", 0))
        return 0 < most < int(memory["used_memory"]) and memory.get("maxmemory_policy") == "noeviction"

    def _send(self, function: str, argument: int | str, job_id: str, at: datetime | None) -> None:
        try:
            if at is None:
                self._enqueue(function, argument, job_id)
            else:
                self._schedule(function, argument, job_id, at)
        except RedisError as error:
            log.warning("%s waits for the sweep: Redis doesn't take it (%s)", job_id, type(error).__name__)

    def _enqueue(self, function: str, argument: int | str, job_id: str) -> None:
        """Enqueue under the job's id, so that what is in the queue already isn't queued again by each sweep."""
        if job_id in self._waiting:
            return
        queue = self._telling if function in {_TELL, _COPY} else self._queue
        timeout_s = _DELIVERY_TIMEOUT_S if function == _TELL else _JOB_TIMEOUT_S
        options = {"result_ttl": 0, "failure_ttl": _FAILED_JOBS_KEPT_S, "job_timeout": timeout_s}
        try:
            queue.enqueue(function, argument, job_id=job_id, unique=True, **options)
        except DuplicateJobError:
            # What is left of a job that died or failed must not keep the next one away.
            again = f"{job_id}-again"
            if not self._is_queued(job_id) and not self._is_queued(again):
                queue.enqueue(function, argument, job_id=again, **options)

    def _is_queued(self, job_id: str) -> bool:
        try:
            return JsonJob.fetch(job_id, connection=self.redis).get_status() == JobStatus.QUEUED
        except NoSuchJobError:
            return False

    def _schedule(self, function: str, argument: int | str, job_id: str, at: datetime) -> None:
        scheduler = Scheduler(queue_name=WORK_QUEUE, connection=self.redis, job_class=JsonJob)
        job = scheduler.enqueue_at(
            at, function, argument, job_id=f"{job_id}-at", timeout=_JOB_TIMEOUT_S, job_result_ttl=0
        )
        # rq-scheduler rounds down to the second, and a worker that comes too early finds nothing to do.
        self.redis.zadd(Scheduler.scheduled_jobs_key, {job.id: at.timestamp()})
