"""What has changed in the database, found by its own marks: one or two statements, however many wait.

Whatever changes secrets, strategies or tokens writes an entry of the audit log in the same transaction; a step of a
rotation renews or gives back its lease.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, func, or_, select

from api.waiting import Subject
from models import Action, AuditEntry, Rotation
from models.engine import READ_ONLY

_CHANGES_NOTHING = {
    Action.SECRET_REVEAL.value, Action.SECRET_COPY.value, Action.CONNECTION_CHECK.value,
}  # fmt: skip
_LATE_S = 60
"""PostgreSQL gives out an entry's id before its transaction ends: one that is missing may come so much later."""
_MOST_MISSING = 1000
_MARKS = (Rotation.id, Rotation.state, Rotation.lease_until, Rotation.wait_until, Rotation.ended_at)


class Changes:
    """Looks for changes since the last look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(**{READ_ONLY: True})
        self._last = 0
        self._looked_at = float("-inf")
        self._missing: dict[int, float] = {}
        self._marks: dict[int, Any] = {}

    def look(self, waited: Iterable[Subject]) -> set[Subject]:
        """Which projects, and which of the rotations that are waited for, have changed since the last look.

        What isn't known counts as changed: all at the first look and after a long pause, and a rotation that is new.
        """
        waited = list(waited)
        rotations = [int(name) for kind, name in waited if kind == "rotation"]
        with self._engine.connect() as connection:
            changed = self._projects(connection, waited)
            marks = self._marks_of(connection, rotations)
        changed |= {("rotation", each) for each in rotations if self._marks.get(each) != marks.get(each)}
        self._marks = marks
        return changed

    def _projects(self, connection: Any, waited: list[Subject]) -> set[Subject]:
        paused_s = time.monotonic() - self._looked_at
        self._looked_at = time.monotonic()
        if paused_s > _LATE_S:
            self._last, self._missing = connection.scalar(select(func.max(AuditEntry.id))) or 0, {}
            return set(waited)
        new = or_(AuditEntry.id > self._last, AuditEntry.id.in_(list(self._missing)))
        rows = connection.execute(select(AuditEntry.id, AuditEntry.project_id, AuditEntry.action).where(new)).all()
        self._note({row.id for row in rows})
        return {
            ("project", row.project_id)
            for row in rows
            if row.project_id is not None and row.action not in _CHANGES_NOTHING
        }

    def _note(self, seen: set[int]) -> None:
        last, now = self._last, time.monotonic()
        newest = max(seen, default=last)
        gap = set(range(last + 1, newest)) - seen if newest - last <= _MOST_MISSING else set()
        left = {each: until for each, until in self._missing.items() if until > now and each not in seen}
        self._missing = {**left, **dict.fromkeys(gap, now + _LATE_S)}
        self._last = max(newest, last)

    @staticmethod
    def _marks_of(connection: Any, rotations: list[int]) -> dict[int, Any]:
        if not rotations:
            return {}
        return {row.id: tuple(row) for row in connection.execute(select(*_MARKS).where(Rotation.id.in_(rotations)))}
