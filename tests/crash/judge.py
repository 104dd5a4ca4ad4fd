"""What must hold once the processes that went on have finished, whatever happened before."""

from __future__ import annotations

from datetime import UTC, datetime

from models import AccessKey, KeyState, Rotation
from rotation.failures import FAILURES
from tests.crash.installation import Installation


def judge(at: Installation, *, listing: bool) -> list[str]:
    """What doesn't hold, in sentences."""
    keys, rotations = at.rows(AccessKey), at.rows(Rotation)
    calls = [call for call in at.aws.calls() if call["user"] == at.user or call["key"]]
    return [
        *_number(calls, at.user),
        *(_unknown(at.keys_at_aws(), keys, rotations, listing=listing) if at.pair() else []),
        *_deleted(at, calls),
        *_ended(rotations),
    ]


def _number(calls: list[dict], user: str) -> list[str]:
    """Never more than two keys, at no moment."""
    held: set[str] = set()
    for call in calls:
        if call["user"] == user and call["said"] == "OK" and call["status"] == 200:
            if call["action"] == "iam:CreateAccessKey":
                held.add(call["key"])
            if call["action"] == "iam:DeleteAccessKey":
                held.discard(call["key"])
        if len(held) > 2:
            return ["the user had more than two keys"]
    return []


def _unknown(at_aws: set[str], keys: list[AccessKey], rotations: list[Rotation], *, listing: bool) -> list[str]:
    """No key is at AWS that Keyturn doesn't know; without listing one may be, and then it is told with what helps."""
    unknown = at_aws - {key.access_key_id for key in keys}
    lost = [key for key in keys if key.state == KeyState.LOST.value]
    if not unknown and not (listing and lost):
        return []
    if listing:
        return [f"{unknown} at AWS, and {len(lost)} told as lost, though keys can be listed"]
    told = [rotation for rotation in rotations if rotation.error_code == "answer_lost"]
    helps = "list-access-keys" in FAILURES["answer_lost"].command
    return [] if len(unknown) == 1 and len(lost) == 1 and told and helps else [f"{unknown} isn't told as lost"]


def _deleted(at: Installation, calls: list[dict]) -> list[str]:
    """None was deleted that AWS had not named the target's before. That programs read none, the consumer shows."""
    proven, problems = set(), []
    for call in calls:
        if call["who"] != at.manager.user_name or call["status"] != 200:
            continue
        if call["action"] == "iam:GetAccessKeyLastUsed":
            proven.add(call["key"])
        if call["action"] == "iam:DeleteAccessKey" and call["user"] == at.user and call["key"] not in proven:
            problems.append(f"{call['key']} was deleted without proof")
    return problems


def _ended(rotations: list[Rotation]) -> list[str]:
    """Every rotation has ended or waits with a time; a due time led to one."""
    now = datetime.now(UTC)
    stuck = [row for row in rotations if row.ended_at is None and not (row.wait_until and row.wait_until > now)]
    dues = [row.due_at for row in rotations if row.due_at]
    return [
        *(f"rotation {row.id} is stuck in {row.state}" for row in stuck),
        *([f"a due time led to two rotations: {dues}"] if len(dues) != len(set(dues)) else []),
    ]
