"""Which policies allow what: Effect, Action and Resource, without conditions; of a role's trust the external ID too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

_SESSION = re.compile(r"(arn:[\w-]+):sts::(\d+):assumed-role/([^/]+)/.*")


def allows(documents: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Whether a statement allows `action` on `resource` (an ARN, or `*`) and none denies it."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _listed(document["Statement"])
        if _concerns(statement, action, resource)
    }
    return "Allow" in effects and "Deny" not in effects


def trusted(document: Mapping[str, Any], caller_arn: str, external_id: str) -> str:
    """Whom a role's trust policy lets assume it by that external ID: the `caller`, its whole `account`, or nobody (``).

    A caller that is named needs no policy of its own, within one account.
    """
    found = {
        _whom(statement, caller_arn)
        for statement in _listed(document["Statement"])
        if statement["Effect"] == "Allow" and _wants(statement, external_id)
    }
    return next((whom for whom in ("caller", "account") if whom in found), "")


def _wants(statement: Mapping[str, Any], external_id: str) -> bool:
    wanted = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
    return wanted is None or external_id in _listed(wanted)


def _whom(statement: Mapping[str, Any], caller_arn: str) -> str:
    principal = statement["Principal"]
    names = _listed(principal.get("AWS", ()) if isinstance(principal, dict) else principal)
    _, partition, _, _, account, _ = caller_arn.split(":", 5)
    if _SESSION.sub(r"\1:iam::\2:role/\3", caller_arn) in names:
        return "caller"
    return "account" if {"*", account, f"arn:{partition}:iam::{account}:root"} & set(names) else ""


def _concerns(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    return _named(statement, "Action", action.lower(), str.lower) and _named(statement, "Resource", resource, str)


def _named(statement: Mapping[str, Any], element: str, value: str, fold: Any) -> bool:
    """Whether the statement's element (or the absence from its `Not` form) covers `value`."""
    negated = f"Not{element}" in statement
    patterns = _listed(statement.get(f"Not{element}" if negated else element, ()))
    return negated != any(_pattern(fold(pattern)).fullmatch(value) for pattern in patterns)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped)
