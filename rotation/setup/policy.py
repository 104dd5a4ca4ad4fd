"""The policy that a manager needs, made for its targets: to paste into IAM."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from models.connection import partition

_SESSION = re.compile(r"(arn:[\w-]+):sts::(\d+):assumed-role/([^/]+)/.*")

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


def trust_policy(caller_arn: str, external_id: str) -> str:
    """The trust policy of a role that only `caller_arn` may assume, and only by this external ID."""
    statement = {
        "Sid": "KeyturnAssumes",
        "Effect": "Allow",
        "Principal": {"AWS": principal(caller_arn)},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def principal(caller_arn: str) -> str:
    """The ARN by which a trust policy names a caller: of a role's session it is the role, whose path isn't known."""
    return _SESSION.sub(r"\1:iam::\2:role/\3", caller_arn)


def may_assume(role_arn: str) -> str:
    """The policy of a caller that lets it assume the role: needed where the role is another account's."""
    statement = _allow("KeyturnAssumes", "sts:AssumeRole", role_arn)
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def deny_older_sessions(moment: datetime) -> str:
    """The policy document for a user that ends the sessions which its keys made before `moment`, to the second in UTC.

    Sessions of a role that the user took go on: they end by the same document at the role.
    """
    before = {"DateLessThan": {"aws:TokenIssueTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}}
    deny = {"Sid": "DenyOlderSessions", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": before}
    return json.dumps({"Version": "2012-10-17", "Statement": [deny]}, indent=2)


def _allow(sid: str, action: str | list[str], resource: str | list[str]) -> dict[str, str | list[str]]:
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
