"""How practice AWS behaves: each switch by itself, changeable while it runs, by a plan that a seed repeats.

replicas.py   when which replica learns of a new, changed or deleted key
last_use.py   what GetAccessKeyLastUsed tells, late and in coarse steps
pace.py       latency with a long tail, throttling
faults.py     what goes wrong with a call
deeds.py      what somebody else does to the account between two calls
draws.py      the seeded dice of all of them
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_RANGES = ("propagation_s", "status_change_s", "deletion_s")
_NOT_NEGATIVE = (
    "latency_s",
    "latency_tail",
    "last_use_lag_s",
    "last_use_step_s",
    "throttle_per_s",
    "session_at_most_s",
)


@dataclass
class Behaviour:
    """The switches; times are in seconds, and a range is its shortest and longest time.

    `latency_s` is the median of the time an answer takes, `latency_tail` the width of its logarithm: with 1, one answer
    of a hundred takes ten times the median.
    `propagation_s`: until a replica knows a new key. `status_change_s`: until it knows that a key was deactivated or
    activated. `deletion_s`: until it knows that a key is deleted.
    `last_use_lag_s`: how late GetAccessKeyLastUsed tells a use. `last_use_step_s`: of the uses within such a time only
    the first is told.
    `throttle_per_s`: calls that one service takes of the account in the long run, the root's left out; 0: any number.
    `throttle_burst`: how many it takes at once after a rest.
    `hides_unknown_keys`: GetAccessKeyLastUsed on a key that doesn't exist is answered with AccessDenied, as AWS may do,
    else with NoSuchEntity.
    `session_at_most_s`: how long the sessions of GetSessionToken hold at most, though longer ones are asked for; 0: as
    long as asked for.
    `seed`: another one begins another plan.
    """

    latency_s: float = 0.0
    latency_tail: float = 0.0
    propagation_s: tuple[float, float] = (3.0, 12.0)
    status_change_s: tuple[float, float] = (0.0, 0.0)
    deletion_s: tuple[float, float] = (0.0, 0.0)
    replicas: int = 4
    last_use_lag_s: float = 0.0
    last_use_step_s: float = 0.0
    throttle_per_s: float = 0.0
    throttle_burst: int = 20
    hides_unknown_keys: bool = True
    session_at_most_s: int = 0
    seed: int = 0

    def change(self, values: Mapping[str, Any]) -> None:
        """Set the named switches. Raises ValueError on a name or value that can't be."""
        names = {row.name for row in fields(self)}
        unknown = set(values) - names
        if unknown:
            raise ValueError(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
        changed = Behaviour(**{**vars(self), **values})
        changed.check()
        vars(self).update(vars(changed))

    def check(self) -> None:
        """Raise ValueError when a switch stands where it can't."""
        for name in _RANGES:
            earliest, latest = getattr(self, name)
            if not 0 <= earliest <= latest:
                raise ValueError(f"{name} is two times, the shorter one first")
            setattr(self, name, (float(earliest), float(latest)))
        negative = [name for name in _NOT_NEGATIVE if getattr(self, name) < 0]
        if negative or self.replicas < 1 or self.throttle_burst < 1:
            raise ValueError("no time can be below 0, and neither replicas nor throttle_burst below 1")
