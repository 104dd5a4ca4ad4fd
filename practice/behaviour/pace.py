"""How fast practice AWS answers, and how many calls it takes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from practice.behaviour import Behaviour
from practice.behaviour.draws import Draws

_LONGEST = 100
"""No answer takes more than so many times the median."""


class Pace:
    """Latency with a long tail, and a token bucket for each service that the account calls."""

    def __init__(self, behaviour: Behaviour, clock: Callable[[], float]) -> None:
        self._behaviour = behaviour
        self._clock = clock
        self._draws = Draws(behaviour, "pace")
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def latency_s(self) -> float:
        """How long the next answer takes."""
        with self._lock:
            times = self._draws.random.lognormvariate(0, self._behaviour.latency_tail)
        return self._behaviour.latency_s * min(times, _LONGEST)

    def admits(self, service: str) -> bool:
        """Whether the service takes one call more now, counted off; else it is to be throttled."""
        rate, most = self._behaviour.throttle_per_s, float(self._behaviour.throttle_burst)
        if not rate:
            return True
        now = self._clock()
        with self._lock:
            tokens, since = self._buckets.get(service, (most, now))
            tokens = min(most, tokens + (now - since) * rate)
            self._buckets[service] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1
