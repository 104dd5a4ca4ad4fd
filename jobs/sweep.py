"""The periodic job that finds what is due and hands it to the workers."""

from __future__ import annotations

from jobs.queue import Courier, connect
from jobs.runtime import runtime
from rotation.sweep import sweep_once


def sweep() -> None:
    """One sweep. It may run beside another one, and twice in a row, without harm."""
    tools_of = runtime()
    courier = Courier(connect(tools_of.config.redis))
    with tools_of.session() as session:
        due = sweep_once(session, tools_of.clock.now())
    for rotation_id, taken in due.rotations:
        courier.rotation(rotation_id, taken)
    for key_id, looked in due.keys:
        courier.key(key_id, looked)
