"""When which replica learns of a new key: each at its own time, and a request meets any of them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Lock

from practice.behaviour import Behaviour


class Replicas:
    """What the replicas know. Keys that were never announced are known to all."""

    def __init__(self, behaviour: Behaviour, clock: Callable[[], float]) -> None:
        self._behaviour = behaviour
        self._clock = clock
        self._random = Random(behaviour.seed)  # noqa: S311 - a plan that can be repeated, not a secret
        self._known_from: dict[str, list[float]] = {}
        self._lock = Lock()

    def announce(self, access_key_id: str) -> None:
        """Tell the replicas of a new key: each learns of it after a time of its own within the behaviour's range."""
        now, (earliest, latest) = self._clock(), self._behaviour.propagation_s
        with self._lock:
            self._known_from[access_key_id] = [
                now + self._random.uniform(earliest, latest) for _ in range(self._behaviour.replicas)
            ]

    def know(self, access_key_id: str) -> bool:
        """Whether the replica that a request meets knows the key."""
        with self._lock:
            moments = self._known_from.get(access_key_id)
            if moments is None:
                return True
            if self._clock() >= max(moments):
                del self._known_from[access_key_id]
                return True
            return self._clock() >= self._random.choice(moments)
