"""The secrets that a token reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keyturn.problems import Problem
from keyturn.server import Query, Server

PATH = "/api/v1/secrets"


def query(names: Sequence[str], path: str | None) -> Query:
    """How to ask for these names (all without any) at this path (the token's and below without one)."""
    asked: Query = {}
    if names:
        asked["name"] = list(names)
    if path is not None:
        asked["path"] = path
    return asked


def read(server: Server, names: Sequence[str] = (), path: str | None = None) -> dict[str, str]:
    """Names and values, of one moment. Raises Problem where two paths have the same name."""
    return by_name(server.get(PATH, query(names, path)))


def by_name(answer: Any) -> dict[str, str]:
    """Names and values of the server's answer. Raises Problem where two paths have the same name."""
    places: dict[str, str] = {}
    values: dict[str, str] = {}
    for secret in answer["secrets"]:
        name = secret["name"]
        if name in values:
            raise Problem(f"{name} is at {places[name]} and at {secret['path']}: choose one with --path.")
        places[name], values[name] = secret["path"], secret["value"]
    return values
