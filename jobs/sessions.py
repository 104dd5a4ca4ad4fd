"""The job that fetches temporary credentials of one strategy."""

from __future__ import annotations

from jobs.runtime import runtime
from models import RotationStrategy
from rotation.programs import sessions


def fetch(strategy_id: int) -> None:
    """Fetch them if they are due."""
    tools_of = runtime()
    with tools_of.session() as session:
        if session.get(RotationStrategy, strategy_id) is not None:
            sessions.fetch(tools_of.tools(session, strategy_id), strategy_id)
