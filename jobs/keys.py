"""The job that looks at one access key: retires it, discards it, or searches for it."""

from __future__ import annotations

from sqlalchemy import select

from jobs.queue import Courier
from jobs.runtime import runtime
from models import AccessKey
from models.engine import begin_reading
from rotation.ending import retirement
from rotation.requests import open_rotation
from rotation.setup.deletion import finish_deletion


def look_at(key_id: str) -> None:
    """Look at the key if it is due; whatever waited for its end goes on at once."""
    tools_of = runtime()
    with tools_of.session() as session:
        begin_reading(session)
        strategy_id = session.scalar(select(AccessKey.strategy_id).where(AccessKey.id == key_id))
        session.commit()
        if strategy_id is None:
            return
        tools = tools_of.tools(session, strategy_id)
        retirement.look(tools, key_id)
        gone = finish_deletion(session, strategy_id)
        session.commit()
        waiting = None if gone else open_rotation(session, strategy_id)
        session.commit()
        if waiting is not None and waiting.wait_until is not None and waiting.wait_until <= tools.clock.now():
            Courier(tools_of.redis).rotation(waiting.id, waiting.claims)
