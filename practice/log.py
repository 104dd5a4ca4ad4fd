"""The log of calls: what a judge reads. It never holds a secret."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

KEPT = 100_000


@dataclass(frozen=True)
class Call:
    """One call: when it was answered, what was asked, by which key and whose it is, about whom, and what came back.

    `key` is the access key concerned (asked about, deleted, made), `fault` the kind of fault that was met. What was
    done by hand (deeds.py) is told as a call of the root's.
    """

    at: str
    action: str
    by: str
    who: str
    user: str
    key: str
    status: int
    said: str
    fault: str


class CallLog:
    """The newest calls, oldest first; all of them in `file`, if there is one, a line of JSON each."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file.open("a", encoding="utf-8") if file else None
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._lock = Lock()

    def add(self, **call: str | int) -> None:
        """Note a call, now; `call` has the fields of Call but the time."""
        noted = Call(at=datetime.now(UTC).isoformat(), **call)  # type: ignore[arg-type]
        with self._lock:
            self._calls.append(noted)
            if self._file:
                self._file.write(f"{json.dumps(asdict(noted))}\n")
                self._file.flush()

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The calls as plain values."""
        with self._lock:
            return [asdict(call) for call in self._calls]
