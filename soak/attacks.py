"""What befalls the processes, Redis and AWS, one thing after the other by a seeded plan."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import Random

from redis import Redis, RedisError
from sqlalchemy.exc import OperationalError

from jobs.queue import connect
from soak.fleet import Fleet
from soak.world import World

ROTATIONS_EACH = 8
"""So many rotations end between two attacks, on average."""
_LONGEST_PAUSE_S = 6.0
_FOR_S = 4.0


class Attacks:
    """The plan; `step` does what is due."""

    def __init__(self, seed: int, fleet: Fleet, at: World) -> None:
        self._random, self._fleet, self._world = Random(f"attacks {seed}"), fleet, at
        self._redis: Redis = connect(at.at.config.redis)
        self._at_rotations, self._at_latest = 0.0, time.monotonic()
        self._undo: list[tuple[float, Callable[[], object]]] = []
        self.done: Counter[str] = Counter()

    def step(self, ended: int) -> None:
        """Do what is due now that so many rotations have ended, and undo what has lasted long enough."""
        now = time.monotonic()
        for entry in [entry for entry in self._undo if entry[0] <= now]:
            self._undo.remove(entry)
            entry[1]()
        if ended >= self._at_rotations or now >= self._at_latest:
            self._at_rotations = max(self._at_rotations, ended) + self._random.expovariate(1 / ROTATIONS_EACH)
            self._at_latest = now + _LONGEST_PAUSE_S
            self._attack()

    def end(self) -> None:
        """Undo everything; nothing goes wrong from now on."""
        self._world.aws.clear_faults()
        self._world.aws.clear_deeds()
        for _, undo in self._undo:
            undo()
        self._undo.clear()

    def _attack(self) -> None:
        kinds = {
            "worker": 6, "worker's fork": 8, "scheduler": 3, "web": 1, "redis": 1, "redis flushed": 1,
            "redis stopped": 1, "redis full": 1, "permissions taken": 1, "manager deactivated": 1,
            **self._world.database.attacks,
        }  # fmt: skip
        (kind,) = self._random.choices(list(kinds), list(kinds.values()))
        if kind in {"worker", "worker's fork", "scheduler", "web", "redis"}:
            self._fleet.kill(kind, self._random.randrange(100))
            return
        self.done[kind] += 1
        if kind in self._world.database.attacks:
            with suppress(OperationalError):  # whoever holds the lock already, or hasn't cut this connection yet
                self._world.database.attack(kind, self._world.at.engine)
            return
        getattr(self, f"_{kind.replace(' ', '_')}")()

    def _later(self, undo: Callable[[], object]) -> None:
        self._undo.append((time.monotonic() + _FOR_S, undo))

    def _redis_flushed(self) -> None:
        self._tell_redis("FLUSHALL")

    def _redis_stopped(self) -> None:
        self._fleet.stop_redis(_FOR_S / 2)

    def _redis_full(self) -> None:
        self._tell_redis("CONFIG", "SET", "maxmemory", "1")
        self._later(lambda: self._tell_redis("CONFIG", "SET", "maxmemory", "0"))

    def _tell_redis(self, *words: str) -> None:
        try:
            self._redis.execute_command(*words)
        except RedisError:
            self.done["redis away"] += 1

    def _permissions_taken(self) -> None:
        name = self._deed("take_permissions")
        self._later(lambda: (self._world.aws.clear_deeds(), self._world.aws.give_back(name)))

    def _manager_deactivated(self) -> None:
        name = self._deed("deactivate_manager")
        key, iam = self._world.managers[name], self._world.aws.iam
        activate = partial(iam.update_access_key, UserName=name, AccessKeyId=key, Status="Active")
        self._later(lambda: (self._world.aws.clear_deeds(), activate()))

    def _deed(self, does: str) -> str:
        """Have it done after a manager's next call; returns whose."""
        name, key = self._random.choice(list(self._world.managers.items()))
        self._world.aws.meanwhile(does, "*AccessKey*", key=key)
        return name
