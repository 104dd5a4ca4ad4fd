"""A Redis without memory for more: nobody fails because of it, it is told, and all goes on once there is room."""

from __future__ import annotations

import logging

import pytest

from models import State
from practice.seed import THREE_PERMISSIONS
from tests.jobs.conftest import LASTING
from tests.processes.processes import kill_family, wait_for


@pytest.fixture
def full(redis):
    """Redis takes no more."""
    redis.config_set("maxmemory", 1)
    yield redis
    redis.config_set("maxmemory", 0)


def test_it_is_told_and_nothing_is_raised(courier, full, caplog):
    with caplog.at_level(logging.WARNING):
        courier.rotation(7)
    assert "rotation-7-0 waits for the sweep: Redis doesn't take it (OutOfMemoryError)" in caplog.text
    state = courier.state()
    assert (state.redis, state.full) == (True, True)
    full.config_set("maxmemory", 0)
    assert not courier.state().full


def test_a_worker_that_meets_it_goes_on_later(make_workplace, full):
    place = make_workplace(THREE_PERMISSIONS)
    rotation_id = place.request()
    place.courier.rotation(rotation_id)
    worker = place.start_worker(LASTING)
    try:
        wait_for(lambda: "OOM" in str(full.info("errorstats")), "the worker's refusal")
        full.config_set("maxmemory", 0)
        place.courier.rotation(rotation_id)  # as the next sweep does

        def ended():
            place.courier.rotation(rotation_id, place.rotation(rotation_id).claims)
            return not place.rotation(rotation_id).is_open

        wait_for(ended, "the rotation's end")
        assert worker.poll() is None
    finally:
        kill_family(worker)
    assert place.rotation(rotation_id).state == State.SUCCEEDED
