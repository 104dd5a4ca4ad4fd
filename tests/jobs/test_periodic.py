"""The periodic jobs: declared as data, there again whenever Redis has lost them."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config import Config
from jobs.periodic import PeriodicScheduler, periodic_jobs
from jobs.queue import SWEEP_QUEUE, JsonJob, connect
from tests.jobs.conftest import running_redis
from tests.processes.conftest import environment
from tests.processes.processes import Run, wait_for

KEY = PeriodicScheduler.scheduled_jobs_key


def scheduler(redis: Redis, every_s: int = 3) -> PeriodicScheduler:
    return PeriodicScheduler(periodic_jobs(Config(sweep_period_s=every_s)), redis)


def sweeps(redis: Redis) -> Queue:
    return Queue(SWEEP_QUEUE, connection=redis, job_class=JsonJob, serializer=JSONSerializer)


def waiting(redis: Redis) -> list[str]:
    return [job.func_name for job in sweeps(redis).jobs]


def test_the_sweep_is_declared_and_queued_at_once(redis):
    scheduler(redis).enqueue_jobs()
    assert waiting(redis) == ["jobs.sweep.sweep"]
    ((_, at),) = redis.zrange(KEY, 0, -1, withscores=True)
    assert time.time() < at <= time.time() + 3


def test_it_is_declared_again_when_redis_has_lost_it(redis):
    one = scheduler(redis)
    one.enqueue_jobs()
    redis.flushall()
    one.enqueue_jobs()
    assert waiting(redis) == ["jobs.sweep.sweep"]
    assert redis.zcard(KEY) == 1


def test_a_loss_in_the_midst_of_a_look_is_made_up(redis):
    one = scheduler(redis)
    one.reconcile()
    (job,) = one.get_jobs()
    redis.flushall()
    one.enqueue_job(job)
    one.enqueue_jobs()
    assert waiting(redis) == ["jobs.sweep.sweep"]
    assert redis.zcard(KEY) == 1


def test_a_sweep_that_still_waits_is_not_queued_again(redis):
    one = scheduler(redis)
    for _ in range(3):
        one.enqueue_jobs()
        redis.zadd(KEY, {one._jobs[0].id: time.time() - 1})
    assert waiting(redis) == ["jobs.sweep.sweep"]


def test_it_comes_again_after_it_was_taken(redis):
    one = scheduler(redis)
    one.enqueue_jobs()
    redis.delete(sweeps(redis).key)  # as a worker takes it: the job itself is still there
    one.enqueue_jobs()
    assert waiting(redis) == [], "its period isn't over"
    redis.zadd(KEY, {one._jobs[0].id: time.time() - 1})
    one.enqueue_jobs()
    assert waiting(redis) == ["jobs.sweep.sweep"]


def test_it_comes_again_after_it_was_lost_alone(redis):
    one = scheduler(redis)
    one.enqueue_jobs()
    sweeps(redis).empty()
    redis.zadd(KEY, {one._jobs[0].id: time.time() - 1})
    one.enqueue_jobs()
    one.enqueue_jobs()
    assert waiting(redis) == ["jobs.sweep.sweep"]


def test_another_period_takes_effect(redis):
    scheduler(redis, 3).enqueue_jobs()
    scheduler(redis, 60).reconcile()
    assert redis.zrange(KEY, 0, -1) == [b"periodic-sweep-60"]
    (job,) = scheduler(redis, 60).get_jobs()
    assert job.meta["interval"] == 60


def test_what_waits_for_its_time_is_left_alone(redis, courier):
    courier.rotation(7, at=datetime.now(UTC) + timedelta(hours=1))
    scheduler(redis).reconcile()
    scheduler(redis, 60).reconcile()
    assert sorted(redis.zrange(KEY, 0, -1)) == [b"periodic-sweep-60", b"rotation-7-0-at"]


def test_two_schedulers_get_along(redis):
    one, other = scheduler(redis), scheduler(redis)
    for each in (one, other, one, other):
        assert each.acquire_lock()
        each.enqueue_jobs()
    assert waiting(redis) == ["jobs.sweep.sweep"]
    assert redis.zcard(KEY) == 1


@pytest.fixture
def folder():
    # A socket's name is short, and pytest's folders aren't.
    with tempfile.TemporaryDirectory(prefix="keyturn-redis-") as name:
        yield Path(name)


@pytest.fixture
def process(folder):
    """The scheduler as it runs, before there is a Redis."""
    env = environment(folder, REDIS_URL=f"unix://{folder}/redis.sock")
    run = Run((sys.executable, "-m", "supervisor.scheduler"), folder / "log", env)
    yield run
    run.close()


def test_the_process_waits_for_redis_and_survives_its_loss(folder, process):
    for _ in range(2):
        process.line("waits for Redis")
        with running_redis(folder) as url, connect(url) as redis:
            wait_for(lambda: redis.zcard(KEY), "the declaration")
            redis.flushall()
            wait_for(lambda: redis.zcard(KEY), "the declaration after a loss")
    assert process.end(signal.SIGTERM)
    assert process.process.returncode in {0, -signal.SIGTERM}
