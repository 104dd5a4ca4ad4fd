"""What each replica knows of the account's keys: each learns of a change at its own time, and a call meets any of them.

So a success can be followed by a refusal, and a key that was deactivated or deleted goes on for some seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from practice.behaviour import Behaviour
from practice.behaviour.draws import Draws

Keys = Mapping[str, tuple[Any, bool]]
"""Access keys by ID, and whether each is active."""


@dataclass
class _Story:
    """One key's latest changes: what held before them, and for each whether the key is taken since, from when where."""

    at_first: bool
    changes: list[tuple[bool, list[float]]] = field(default_factory=list)
    deleted: Any = None

    def as_told_to(self, replica: int, now: float) -> bool:
        known = [takes for takes, moments in self.changes if moments[replica] <= now]
        return known[-1] if known else self.at_first

    def is_old(self, now: float) -> bool:
        """Whether every replica knows the last change."""
        return max(self.changes[-1][1]) <= now


class Replicas:
    """What the replicas know. Of keys without a story here, all of them know the truth."""

    def __init__(self, behaviour: Behaviour, clock: Callable[[], float]) -> None:
        self._behaviour = behaviour
        self._clock = clock
        self._draws = Draws(behaviour, "replicas")
        self._stories: dict[str, _Story] = {}
        self._lock = Lock()

    def compare(self, before: Keys, after: Keys, *, new_are_known: bool) -> None:
        """Tell the replicas how the account's keys differ since `before`; each learns of it at its own time.

        `new_are_known`: of new keys they know at once.
        """
        for access_key_id in {**before, **after}:
            old, new = before.get(access_key_id), after.get(access_key_id)
            if old is None:
                if not new_are_known:
                    self._tell(access_key_id, (False, True), self._behaviour.propagation_s)
            elif new is None:
                self._tell(access_key_id, (old[1], False), self._behaviour.deletion_s, deleted=old[0])
            elif new[1] != old[1]:
                self._tell(access_key_id, (old[1], new[1]), self._behaviour.status_change_s)

    def _tell(
        self, access_key_id: str, taken: tuple[bool, bool], within: tuple[float, float], deleted: Any = None
    ) -> None:
        """`taken`: whether the account took the key before, and takes it now."""
        before, takes = taken
        with self._lock:
            story = self._stories.setdefault(access_key_id, _Story(before))
            moments = [self._clock() + self._draws.random.uniform(*within) for _ in range(self._behaviour.replicas)]
            story.changes.append((takes, moments))
            story.deleted = deleted

    def kept(self, access_key_id: str) -> Any:
        """The deleted key, while a replica may still take it; else None."""
        with self._lock:
            story = self._stories.get(access_key_id)
            return story and story.deleted

    def take(self, access_key_id: str, *, truth: bool) -> bool:
        """Whether the replica that a call meets takes the key. `truth`: whether the account does."""
        now = self._clock()
        with self._lock:
            story = self._stories.get(access_key_id)
            if story is None:
                return truth
            if story.is_old(now):
                del self._stories[access_key_id]
                return truth
            # A change of `replicas` meanwhile doesn't count for it.
            return story.as_told_to(self._draws.random.randrange(len(story.changes[-1][1])), now)
