"""What is told of a key that nobody knows, or that a program was refused with.

It is what happened to its user, by AWS's own log and by the audit log.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditEntry
from soak.world import World

_LINES = 60
_AROUND = timedelta(seconds=60)


def calls(at: World) -> list[dict[str, str]]:
    """AWS's log without the consumers' calls."""
    with at.calls.open() as file:
        return [json.loads(line) for line in file if '"sts:GetSessionToken"' not in line]


def of_user(at: World, session: Session, user_name: str, around: str = "") -> str:
    """What was asked of AWS about the user's keys and what Keyturn recorded, in order of time.

    The last of it, or what was `around` a moment.
    """
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
    ordered = sorted(lines, key=_moment)
    if around:
        middle = datetime.fromisoformat(around)
        ordered = [line for line in ordered if abs(_moment(line) - middle) < _AROUND]
    else:
        ordered = ordered[-_LINES:]
    return "\n    ".join(["", *(f"{moment} {text}" for moment, text in ordered)])


def of_key(at: World, session: Session, access_key_id: str, around: str) -> str:
    """What happened to the user of a key around a moment."""
    with at.calls.open() as file:
        users = (json.loads(line)["user"] for line in file if access_key_id in line)
        user_name = next(filter(None, users), "")
    return of_user(at, session, user_name, around)


def _moment(line: tuple[str, str]) -> datetime:
    return datetime.fromisoformat(line[0])
