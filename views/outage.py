"""Whether anybody works: what pages say where it matters."""

from __future__ import annotations

from dataclasses import dataclass

from views.frame.services import services


@dataclass(frozen=True)
class Outage:
    """Why nothing that is asked for starts."""

    heading: str


def outage() -> Outage | None:
    """Why nobody works, or None when at least one worker does. Asks Redis."""
    state = services().courier.state()
    if not state.redis:
        return Outage("The queue can't be reached")
    return None if state.workers else Outage("No worker runs")
