"""What is told of a key that nobody knows, or that a program was refused with: what happened to its user, by AWS's own log and by the audit log."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditEntry
from soak.world import World

_LINES = 60


def calls(at: World) -> list[dict[str, str]]:
    """AWS's log without the consumers' calls."""
    with at.calls.open() as file:
        return [json.loads(line) for line in file if '"sts:GetSessionToken"' not in line]


def of_user(at: World, session: Session, user_name: str) -> str:
    """What was asked of AWS about the user's keys and what Keyturn recorded, in order of time."""
    lines = [
        (call["at"], f"AWS {call['who']} {call['action']} {call['key']} {call['said']} {call['fault']}")
        for call in calls(at)
        if call["user"] == user_name
    ]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.user_name == user_name))
    lines += [
        (entry.at.astimezone(UTC).isoformat(), f"{entry.actor} {entry.action} {entry.thing} {entry.detail}")
        for entry in entries
    ]
    return "\n    ".join(["", *(f"{moment} {text}" for moment, text in sorted(lines, key=_moment)[-_LINES:])])


def of_key(at: World, session: Session, access_key_id: str) -> str:
    """The same, for the user of a key."""
    with at.calls.open() as file:
        users = (json.loads(line)["user"] for line in file if access_key_id in line)
        user_name = next(filter(None, users), "")
    return of_user(at, session, user_name)


def _moment(line: tuple[str, str]) -> datetime:
    return datetime.fromisoformat(line[0])
