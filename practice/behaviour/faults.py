"""What is told to go wrong, call by call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any

from practice import answers
from practice.answers import Answer
from practice.behaviour import Behaviour
from practice.behaviour.draws import Draws
from practice.request import Request

# An answer in place of the real one, by the fault's kind.
INSTEAD: Mapping[str, Callable[[str], Answer]] = {
    "throttle": answers.throttled,
    "unknown_key": answers.key_unknown,
    "internal_failure": answers.internal_failure,
    "unavailable": answers.unavailable,
    "load_balancer_page": answers.load_balancer_page,
    "of_another_user": answers.of_another_user,
}
# What happens to the connection, by the fault's kind.
TRANSPORT = ("drop", "cut", "hang")
KINDS = (*INSTEAD, "deny", "say", *TRANSPORT)
WHEN = ("before", "after", "late")


@dataclass
class Which:
    """Which calls: patterns of the action, of the user (or the secret) named in it and of the key that signs it."""

    action: str = "*"
    user: str = "*"
    key: str = "*"

    def meets(self, request: Request) -> bool:
        """Whether that request is one of them; `CreateAccessKey` stands for `iam:CreateAccessKey` too."""
        short = request.action.partition(":")[2]
        return (
            (fnmatchcase(request.action, self.action) or fnmatchcase(short, self.action))
            and fnmatchcase(request.named, self.user)
            and fnmatchcase(request.access_key_id, self.key)
        )


@dataclass
class Fault(Which):
    """One fault: which calls meet it, and what then happens.

    `kind`: an answer instead of the real one (INSTEAD, `deny`, or `say`: that of `status`, `headers` and `body`, a
    letter of ISO 8859-1 for each byte), or `drop` (the connection closes without an answer), `cut` (after the part `at`
    of the answer's body; the work is done), `hang` (no answer for `seconds`, then it closes).
    `when`: instead of the work (`before`), when the work is done (`after`), or the work is done only once the caller
    has gone (`late`). `times`: so many calls; 0: until it is cleared. `share`: which part of the calls meets it.
    """

    kind: str = ""
    when: str = "before"
    times: int = 1
    share: float = 1.0
    at: float = 0.5
    seconds: float = 60.0
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        if self.when not in WHEN:
            raise ValueError(f"when is one of {', '.join(WHEN)}")
        if self.kind == "cut":
            self.when = "after"

    def instead(self, service: str) -> Answer:
        """What is answered in place of the truth; that the service is away, where the connection is spoiled."""
        if self.kind == "say":
            return Answer(self.status, self.body.encode("latin-1"), tuple(self.headers.items()))
        return INSTEAD.get(self.kind, answers.unavailable)(service)


class Faults:
    """The faults that are switched on, oldest first."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._draws = Draws(behaviour, "faults")
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(self, values: Mapping[str, Any]) -> None:
        """Switch a fault on. Raises ValueError or TypeError on values that make none."""
        fault = Fault(**values)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The faults that are still to come."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, request: Request) -> Fault | None:
        """The fault that this request meets, counted off."""
        with self._lock:
            fault = next((fault for fault in self._faults if fault.meets(request) and self._strikes(fault)), None)
            if fault and fault.times:
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
            return fault

    def _strikes(self, fault: Fault) -> bool:
        return fault.share >= 1 or self._draws.random.random() < fault.share
