"""Whether somebody works: a worker counts while it says so, idle or busy, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from redis import Redis
from rq import Worker

from jobs import worker
from models import State
from practice.seed import THREE_PERMISSIONS
from tests.jobs.conftest import LASTING
from tests.processes.processes import kill_family, wait_for

LONGER_THAN_ALIVE = timedelta(seconds=3)


@pytest.fixture
def start(make_workplace, redis):
    """Starts a workplace's worker; gives both, and lets none of its processes outlive the test."""
    started = []

    def begin():
        place = make_workplace(THREE_PERMISSIONS)
        process = place.start_worker(LASTING)
        started.append(process)
        wait_for(lambda: place.courier.state().workers == 1, "the worker")
        return place, process

    yield begin
    for process in started:
        kill_family(process)


def beat(redis: Redis) -> datetime:
    """When the worker last said that it is alive."""
    (key,) = Worker.all_keys(connection=redis)
    return datetime.fromisoformat(redis.hget(key, "last_heartbeat").decode())


def outlives_a_beat(redis: Redis) -> Callable[[], bool]:
    since = beat(redis)
    return lambda: beat(redis) - since > LONGER_THAN_ALIVE


def test_an_idle_worker_counts_until_it_is_killed(start, redis):
    place, process = start()
    wait_for(outlives_a_beat(redis), "many beats")
    assert place.courier.state().workers == 1
    kill_family(process)
    wait_for(lambda: place.courier.state().workers == 0, "its count to end")


def test_a_busy_worker_counts_and_outlives_the_data_of_redis(start, redis, practice):
    place, process = start()
    practice.fail("hang", "CreateAccessKey", user=place.target.user_name, when="before", seconds=60)
    rotation_id = place.request()
    place.courier.rotation(rotation_id)
    wait_for(lambda: place.rotation(rotation_id).access_key_id, "its question")
    wait_for(outlives_a_beat(redis), "many beats")
    assert place.courier.state().workers == 1
    redis.flushall()
    wait_for(lambda: place.courier.state().workers == 1, "the worker's next word")
    assert place.rotation(rotation_id).state == State.CREATING, "it was busy all the while"
    kill_family(process)
    practice.clear_faults()


def test_nobody_counts_for_more_than_a_minute():
    assert worker._BEAT_S * 2 < worker._ALIVE_S <= 60
