"""The job that works on a batch: one thing done to many strategies."""

from __future__ import annotations

import time

from jobs.queue import Courier
from jobs.runtime import runtime
from rotation.many.batches import work

_TURN_S = 5
"""So long it holds the worker; then others have their turn."""


def work_on(batch_id: int) -> None:
    """Do what is left of the batch, or as much as fits into one turn."""
    tools_of = runtime()
    courier = Courier(tools_of.redis)
    until = time.monotonic() + _TURN_S
    with tools_of.session() as session:
        for rotation in work(session, batch_id, tools_of.clock.now):
            if rotation is not None:
                courier.rotation(rotation.id, rotation.claims)
            if time.monotonic() > until:
                courier.batch(batch_id)
                return
