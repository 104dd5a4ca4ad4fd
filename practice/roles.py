"""Who may assume a role, by its trust policy: the caller as a principal, and the external ID."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.iam.models import iam_backends

from practice.request import Request

ASSUME = "sts:AssumeRole"
_SESSION = re.compile(r"(arn:[\w-]+):sts::(\d+):assumed-role/([^/]+)/.*")


def trust(request: Request, partition: str, caller_arn: str) -> str:
    """Whom the role that is asked for trusts: `caller`, its whole `account`, or, for it isn't there or refuses, ``.

    A caller that the trust policy names needs no policy of its own, within one account.
    """
    arn = request.params.get("RoleArn", "")
    role = next((role for role in iam_backends[ACCOUNT_ID][partition].roles.values() if role.arn == arn), None)
    if role is None:
        return ""
    statements = _listed(json.loads(role.assume_role_policy_document)["Statement"])
    found = {_whom(each, caller_arn) for each in statements if _holds(each, request)}
    return next((whom for whom in ("caller", "account") if whom in found), "")


def _holds(statement: Mapping[str, Any], request: Request) -> bool:
    wanted = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
    same = wanted is None or request.params.get("ExternalId") in _listed(wanted)
    return bool(statement["Effect"] == "Allow" and same)


def _whom(statement: Mapping[str, Any], caller_arn: str) -> str:
    principal = statement["Principal"]
    names = _listed(principal.get("AWS", ()) if isinstance(principal, dict) else principal)
    account = caller_arn.split(":")[4]
    if _SESSION.sub(r"\1:iam::\2:role/\3", caller_arn) in names:
        return "caller"
    everybody = {"*", account, f"arn:{caller_arn.split(':')[1]}:iam::{account}:root"}
    return "account" if everybody & set(names) else ""


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
