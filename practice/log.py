"""The log of calls: what a judge reads. It never holds a secret."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

KEPT = 100_000


@dataclass(frozen=True)
class Call:
    """One call: when it was answered, what was asked by which key about whom, and what came back.

    `key` is the access key concerned (asked about, deleted, made), `fault` the kind of fault that was met.
    """

    at: str
    action: str
    by: str
    user: str
    key: str
    status: int
    said: str
    fault: str


class CallLog:
    """The newest calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._lock = Lock()

    def add(self, *, action: str, by: str, user: str, key: str, status: int, said: str, fault: str) -> None:
        """Note a call, now."""
        with self._lock:
            self._calls.append(Call(datetime.now(UTC).isoformat(), action, by, user, key, status, said, fault))

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The calls as plain values."""
        with self._lock:
            return [asdict(call) for call in self._calls]
