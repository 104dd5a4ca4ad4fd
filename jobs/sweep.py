"""The periodic job that finds what is due and hands it to the workers."""

from __future__ import annotations

from datetime import timedelta

from jobs.periodic import bring_forward, periodic_jobs
from jobs.queue import Courier
from jobs.runtime import runtime
from rotation.when.sweep import sweep_once


def sweep() -> None:
    """One sweep. It may run beside another one, and twice in a row, without harm."""
    tools_of = runtime()
    courier = Courier(tools_of.redis)
    with tools_of.session() as session:
        due = sweep_once(session, tools_of.clock.now())
    courier.look()
    for rotation_id, taken in due.rotations:
        courier.rotation(rotation_id, taken)
    for key_id, looked in due.keys:
        courier.key(key_id, looked)
    for batch_id in due.batches:
        courier.batch(batch_id)
    for strategy_id, fetches in due.sessions:
        courier.session(strategy_id, fetches)
    for delivery_id, tries in due.deliveries:
        courier.delivery(delivery_id, tries)
    for copy_id, tries in due.copies:
        courier.copy(copy_id, tries)
    # A later one is brought forward by a sweep to come: on a machine whose clock is ahead, each would call the next.
    period = timedelta(seconds=tools_of.config.sweep_period_s)
    if due.next_at is not None and due.next_at - tools_of.clock.now() < period:
        bring_forward(courier.redis, periodic_jobs(tools_of.config), due.next_at)
