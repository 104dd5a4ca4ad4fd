"""Each looks out for the other: the scheduler for workers, a worker for the scheduler. Who is left tells.

What has stopped can't deliver the message, and neither can the queue: so it is written and delivered by a process of
its own, `python -m jobs.stopped worker`, which ends then.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from redis import RedisError

GONE_AFTER_S = 120
"""So long nobody of the other kind has been seen."""
_LOOK_EVERY_S = 20
_AGAIN_S = 3600


class Lookout:
    """Asks from time to time whether the other part lives, and has it told when it doesn't for long."""

    def __init__(self, part: str, lives: Callable[[], bool]) -> None:
        self._part, self._lives = part, lives
        self._looks_at = self._seen_at = time.monotonic()
        self._tells_at = 0.0
        self._teller: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """To be called often. While Redis is out of reach nobody can say who lives."""
        at = time.monotonic()
        if at < self._looks_at:
            return
        self._looks_at = at + _LOOK_EVERY_S
        with suppress(RedisError):
            if self._lives():
                self._seen_at, self._tells_at = at, 0.0
            elif at - self._seen_at >= GONE_AFTER_S and at >= self._tells_at:
                self._tells_at = at + _AGAIN_S
                self._tell()
        if self._teller is not None:
            self._teller.poll()

    def _tell(self) -> None:
        command = (sys.executable, "-m", "jobs.stopped", self._part)
        self._teller = subprocess.Popen(command)  # noqa: S603 - of our own words
