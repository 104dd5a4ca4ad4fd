"""The job that delivers one event to one receiver."""

from __future__ import annotations

from jobs.runtime import runtime
from rotation.telling import delivering


def deliver(delivery_id: int) -> None:
    """Try the delivery if it is due."""
    tools_of = runtime()
    with tools_of.session() as session:
        sender = delivering.Sender(session, tools_of.keyring, tools_of.clock, tools_of.config.url)
        delivering.deliver(sender, delivery_id)
