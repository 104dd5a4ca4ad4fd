"""A process of its own that tells every project that a part of Keyturn has stopped, and ends."""

from __future__ import annotations

import sys
from datetime import timedelta

from jobs.lookout import GONE_AFTER_S
from jobs.runtime import Runtime, runtime
from models.telling.deliveries import deliveries_due, spread
from rotation.telling.delivering import Sender, deliver
from rotation.telling.watching import tell_stopped

_MOST = 100


def tell_all(tools_of: Runtime, part: str) -> None:
    """Tell every project that the part has stopped, and deliver that here and now."""
    with tools_of.session() as session:
        now = tools_of.clock.now()
        tell_stopped(session, part, now - timedelta(seconds=GONE_AFTER_S), now)
        spread(session, now, _MOST)
        session.commit()
        sender = Sender(session, tools_of.keyring, tools_of.clock, tools_of.config.url)
        for delivery_id, _ in deliveries_due(session, now, _MOST):
            deliver(sender, delivery_id)


if __name__ == "__main__":
    tell_all(runtime(), sys.argv[1])
