"""Which identity-based policies allow an action on a resource: Effect, Action and Resource, without conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any


def allows(documents: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Whether a statement allows `action` on `resource` (an ARN, or `*`) and none denies it."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _listed(document["Statement"])
        if _concerns(statement, action, resource)
    }
    return "Allow" in effects and "Deny" not in effects


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
