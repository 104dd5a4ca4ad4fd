"""The way to the workers, over a real Redis: ids only, each piece of work once, and no harm when Redis is away."""

from __future__ import annotations

import json
import logging
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from rq import Worker
from rq.job import JobStatus
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from jobs.periodic import PeriodicScheduler
from jobs.queue import WORK_QUEUE, Courier, JsonJob, QueueState, connect
from rotation.telling import delivering

NOW = datetime.now(UTC)


def queued(courier: Courier) -> list[tuple[str, list[object]]]:
    """The functions and arguments that wait, in order."""
    return [(job.func_name, list(job.args)) for job in courier._queue.jobs]


def test_a_job_is_a_function_and_an_id(courier, redis):
    courier.rotation(7)
    courier.key("0123456789abcdef")
    assert queued(courier) == [("jobs.rotate.rotate", [7]), ("jobs.keys.look_at", ["0123456789abcdef"])]
    kept = json.loads(zlib.decompress(redis.hget("rq:job:rotation-7-0", "data")))
    assert kept == ["jobs.rotate.rotate", None, [7], {}]


def test_the_same_work_twice_is_one_job(courier):
    courier.rotation(7)
    courier.rotation(7)
    courier.key("a")
    courier.key("a")
    assert len(queued(courier)) == 2


def test_work_that_was_taken_since_is_another_job(courier):
    courier.rotation(7)
    courier.rotation(7, taken=1)
    assert len(queued(courier)) == 2


def test_a_delivery_that_hangs_is_broken_off_before_another_may_try(courier):
    courier.delivery(7)
    (job,) = courier._telling.jobs
    assert job.timeout < delivering._TAKEN_FOR.total_seconds()


@pytest.mark.parametrize("status", [JobStatus.STARTED, JobStatus.FAILED, JobStatus.FINISHED])
def test_what_a_dead_job_left_keeps_none_away(courier, redis, status):
    courier.rotation(7)
    job = courier._queue.jobs[0]
    courier._queue.empty()
    job.save()
    job.set_status(status)
    courier.rotation(7)
    courier.rotation(7)
    assert queued(courier) == [("jobs.rotate.rotate", [7])]


def test_a_job_whose_worker_was_killed_keeps_none_away(courier, redis):
    courier.rotation(7)
    worker = Worker([courier._queue], connection=redis, job_class=JsonJob, serializer=JSONSerializer)
    job, _ = worker.dequeue_job_and_maintain_ttl(timeout=None)
    worker.prepare_execution(job)
    worker.prepare_job_execution(job)
    assert job.get_status() == JobStatus.STARTED
    assert len(StartedJobRegistry(WORK_QUEUE, connection=redis, job_class=JsonJob)) == 1
    courier.rotation(7)
    courier.rotation(7)
    assert queued(courier) == [("jobs.rotate.rotate", [7])]


def test_what_waits_for_its_time_is_not_early(courier, redis):
    scheduler = PeriodicScheduler([], redis)
    courier.rotation(7, at=datetime.now(UTC) + timedelta(seconds=30))
    courier.key("a", at=datetime.now(UTC) - timedelta(milliseconds=1))
    scheduler.enqueue_jobs()
    assert queued(courier) == [("jobs.keys.look_at", ["a"])]


def test_its_time_is_kept_to_the_millisecond(courier, redis):
    at = datetime(2026, 11, 24, 12, 0, 0, 987_654, tzinfo=UTC)
    courier.rotation(7, at=at)
    assert redis.zrange(PeriodicScheduler.scheduled_jobs_key, 0, -1, withscores=True) == [
        (b"rotation-7-0-at", pytest.approx(at.timestamp(), abs=0.001))
    ]


def test_another_time_takes_the_place_of_the_first(courier, redis):
    later = datetime.now(UTC) + timedelta(hours=1)
    courier.rotation(7, at=later)
    courier.rotation(7, at=later + timedelta(hours=1))
    assert redis.zcard(PeriodicScheduler.scheduled_jobs_key) == 1


def test_the_state_tells_what_waits(courier):
    assert courier.state() == QueueState(redis=True, workers=0, waiting=0)
    courier.rotation(7)
    assert courier.state() == QueueState(redis=True, workers=0, waiting=1)


@pytest.mark.parametrize("url", ["unix:///nowhere/redis.sock", "redis://127.0.0.1:1/0"])
def test_without_redis_nothing_is_raised(url, caplog):
    courier = Courier(connect(url))
    with caplog.at_level(logging.WARNING):
        courier.rotation(7)
        courier.rotation(7, at=NOW)
        courier.key("a")
    assert courier.state() == QueueState(redis=False, workers=0, waiting=0)
    assert len(caplog.messages) == 3
    assert all("waits for the sweep" in message for message in caplog.messages)


def test_what_is_told_waits_in_a_queue_of_its_own(courier, redis):
    courier.delivery(7)
    courier.delivery(7)
    courier.delivery(7, tries=1)
    assert queued(courier) == []
    assert [(job.func_name, list(job.args)) for job in courier._telling.jobs] == [("jobs.telling.deliver", [7])] * 2
    courier.look()
    courier.delivery(7)
    assert len(courier._telling.jobs) == 2
