"""The policy that a manager needs, made for its targets: to paste into IAM."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

CREATE = "iam:CreateAccessKey"
DELETE = "iam:DeleteAccessKey"
LAST_USE = "iam:GetAccessKeyLastUsed"
LIST = "iam:ListAccessKeys"
UPDATE = "iam:UpdateAccessKey"

GAINS = {
    CREATE: "makes the new key",
    DELETE: "deletes the old key at the end of its grace, and a new one that nothing came of",
    LAST_USE: "tells whether and where the old key is still used, and whose a key is before it is deleted",
    LIST: "shows keys that others made, and finds a key whose answer was lost on the way",
    UPDATE: "deactivates an old key and watches it before it is deleted, and brings it back; without, it is deleted",
}
"""Each action with what a rotation does by it."""

SMALLEST = (CREATE, DELETE, LAST_USE)
RECOMMENDED = (*SMALLEST, LIST, UPDATE)


@dataclass(frozen=True)
class User:
    """An IAM user as a policy names it; an account that isn't known is a `*`."""

    name: str
    path: str = "/"
    account_id: str = ""

    def arn(self, region: str) -> str:
        """The user's ARN in the partition of `region`."""
        return f"arn:{partition(region)}:iam::{self.account_id or '*'}:user{self.path}{self.name}"


def partition(region: str) -> str:
    """The partition of a region: `aws`, `aws-cn` or `aws-us-gov`; `aws` for a region that can't be told."""
    return next((f"aws-{part}" for part in ("cn", "us-gov") if region.startswith(f"{part}-")), "aws")


def policy(users: Iterable[User], actions: Sequence[str], region: str) -> str:
    """The policy document, indented, that allows `actions` on `users`.

    The last use may be asked of every key: AWS takes a key that it doesn't know for one that isn't permitted, and only
    an answer about the manager's own key tells the two apart.
    """
    arns = [user.arn(region) for user in users]
    on_users = [action for action in actions if action != LAST_USE]
    statements = [_allow("KeyturnRotation", on_users, arns[0] if len(arns) == 1 else arns)]
    if LAST_USE in actions:
        statements.append(_allow("KeyturnLastUse", LAST_USE, "*"))
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def deny_older_sessions(moment: datetime) -> str:
    """The policy document for a user that ends the sessions which its keys made before `moment`, to the second in UTC.

    Sessions of a role that the user took go on: they end by the same document at the role.
    """
    before = {"DateLessThan": {"aws:TokenIssueTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}}
    deny = {"Sid": "DenyOlderSessions", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": before}
    return json.dumps({"Version": "2012-10-17", "Statement": [deny]}, indent=2)


def _allow(sid: str, action: str | list[str], resource: str | list[str]) -> dict[str, str | list[str]]:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
