"""How practice AWS behaves when nothing goes wrong: each on its own switch, changeable while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Behaviour:
    """`propagation_s`: shortest and longest time until a replica knows a new key, in seconds.

    `hides_unknown_keys`: GetAccessKeyLastUsed on a key that doesn't exist is answered with AccessDenied, as AWS may do,
    else with NoSuchEntity.
    """

    latency_s: float = 0.0
    propagation_s: tuple[float, float] = (3.0, 12.0)
    replicas: int = 4
    hides_unknown_keys: bool = True
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
        earliest, latest = self.propagation_s
        self.propagation_s = (float(earliest), float(latest))
        if not 0 <= earliest <= latest:
            raise ValueError("propagation_s is two times, the shorter one first")
        if self.latency_s < 0 or self.replicas < 1:
            raise ValueError("latency_s can't be below 0, and replicas not below 1")
