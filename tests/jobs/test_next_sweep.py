"""A sweep that knows of a due time before the next sweep brings that one forward, and sends nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jobs.periodic import Periodic, PeriodicScheduler, bring_forward
from jobs.queue import Courier

SWEEP = Periodic("sweep", "jobs.sweep.sweep", 3)


def next_time(redis) -> float:
    return redis.zscore(PeriodicScheduler.scheduled_jobs_key, SWEEP.id)


def test_the_next_sweep_comes_when_something_is_due(redis):
    scheduler = PeriodicScheduler([SWEEP], redis)
    scheduler.enqueue_jobs()
    at = datetime.now(UTC) + timedelta(seconds=1)
    bring_forward(redis, [SWEEP], at)
    assert next_time(redis) == at.timestamp()


def test_a_later_due_time_does_not_put_it_off(redis):
    scheduler = PeriodicScheduler([SWEEP], redis)
    scheduler.enqueue_jobs()
    before = next_time(redis)
    bring_forward(redis, [SWEEP], datetime.now(UTC) + timedelta(hours=1))
    assert next_time(redis) == before


def test_no_sweep_is_scheduled_that_is_not_declared(redis):
    bring_forward(redis, [SWEEP], datetime.now(UTC))
    assert next_time(redis) is None


def test_what_was_seen_waiting_is_not_sent_again(redis, monkeypatch):
    courier = Courier(redis)
    courier.rotation(7)
    courier.look()
    monkeypatch.setattr(courier, "_queue", None)
    courier.rotation(7)
    assert redis.llen("rq:queue:keyturn") == 1
