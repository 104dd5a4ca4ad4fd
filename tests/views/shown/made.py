"""Rows that no database has seen, for tests of what is made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from models import AccessKey, Connection, KeyState, Rotation, RotationStrategy, State
from views.shown.strategy import Facts

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def key(state: KeyState = KeyState.ACTIVE, **columns: Any) -> AccessKey:
    values = {
        "id": "a key", "strategy_id": 1, "rotation_id": 7, "access_key_id": "AKIAEXAMPLE2T7Q4FVKD", "intent_at": NOW,
        "ended_by": "", "error_code": "", "last_used_service": "", "last_used_region": "", **columns,
    }  # fmt: skip
    return AccessKey(state=state.value, **values)


def old_key(**columns: Any) -> AccessKey:
    """Current from 38 to 8 days ago, with a grace of 3 days."""
    values = {
        "access_key_id": "AKIAEXAMPLEMW5RXN3HC", "intent_at": NOW - 38 * DAY, "created_at": NOW - 38 * DAY,
        "published_at": NOW - 38 * DAY, "replaced_at": NOW - 8 * DAY, "retire_at": NOW - 5 * DAY, **columns,
    }  # fmt: skip
    return key(KeyState.RETIRING, **values)


def current_key(**columns: Any) -> AccessKey:
    """Current for 8 days."""
    values = {"intent_at": NOW - 8 * DAY, "created_at": NOW - 8 * DAY, "published_at": NOW - 8 * DAY, **columns}
    return key(KeyState.ACTIVE, **values)


def rotation(state: State = State.SUCCEEDED, **columns: Any) -> Rotation:
    ended = NOW - 8 * DAY if state in {State.SUCCEEDED, State.FAILED} else None
    values = {
        "id": 466, "trigger": "schedule", "purpose": "turn", "requested_by": "schedule",
        "requested_at": NOW - 8 * DAY, "ended_at": ended,
        "wait_code": "", "error_code": "", "error_facts": {}, "good_rounds": 0, "tries": 0, **columns,
    }  # fmt: skip
    return Rotation(state=state.value, **values)


def facts(newest: Rotation | None = None, *keys: AccessKey, **columns: Any) -> Facts:
    values = {
        "id": 1, "user_name": "billing-api", "created_at": NOW - 100 * DAY, "interval_s": 30 * 86_400,
        "due_at": NOW + 22 * DAY, "paused_by": "", "retries": 0, "retire_when": "quiet", **columns,
    }  # fmt: skip
    return Facts(RotationStrategy(connection=Connection(verify_rounds=8), **values), newest, list(keys))
