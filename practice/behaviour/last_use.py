"""What GetAccessKeyLastUsed tells: uses late, and of those within one step of time only the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock

from practice.account import Use
from practice.behaviour import Behaviour
from practice.request import Request


class LastUses:
    """The uses of each key that AWS has noted, of which the older ones are told already."""

    def __init__(self, behaviour: Behaviour, now: Callable[[], datetime]) -> None:
        self._behaviour = behaviour
        self._now = now
        self._noted: dict[str, list[Use]] = {}
        self._lock = Lock()

    def recall(self, uses: Mapping[str, Use]) -> None:
        """Take over each key's use that was noted before practice AWS began."""
        self._noted |= {access_key_id: [use] for access_key_id, use in uses.items()}

    def note(self, request: Request) -> None:
        """A key was used, be it for a call that was refused in the end."""
        now, step = self._now(), timedelta(seconds=self._behaviour.last_use_step_s)
        with self._lock:
            uses = self._noted.setdefault(request.access_key_id, [])
            if not uses or now >= uses[-1][0] + step:
                uses.append((now, request.service, request.region))
            self._forget_all_but_the_told(uses)

    def told(self, access_key_id: str) -> Use | None:
        """When, by which service and where the key was last used, as far as AWS tells it now."""
        with self._lock:
            uses = self._noted.get(access_key_id, [])
            self._forget_all_but_the_told(uses)
            return uses[0] if uses and self._is_told(uses[0]) else None

    def _is_told(self, use: Use) -> bool:
        return use[0] <= self._now() - timedelta(seconds=self._behaviour.last_use_lag_s)

    def _forget_all_but_the_told(self, uses: list[Use]) -> None:
        while len(uses) > 1 and self._is_told(uses[1]):
            del uses[0]
