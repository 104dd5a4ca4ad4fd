"""The description of the addresses: for programs, and as a page for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template

from api.description import description
from views.frame.identity import public

bp = Blueprint("api_documents", __name__)


@bp.get("/api/openapi.json")
@public
def openapi() -> Response:
    """The description, as OpenAPI 3.1."""
    return jsonify(description(current_app))


@bp.get("/docs/api")
def read() -> str:
    """The description, to read."""
    document = description(current_app)
    return render_template("api/docs.html", text=document["info"]["description"], sections=_sections(document))


@dataclass(frozen=True)
class Member:
    """A part of what is sent or answered."""

    name: str
    kind: str
    text: str
    where: str = ""
    is_required: bool = True


@dataclass(frozen=True)
class Operation:
    """What one address does by one method."""

    method: str
    path: str
    summary: str
    text: str
    sent: list[Member]
    answered: list[Member]
    statuses: list[tuple[str, str]]


def _sections(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """The operations by their subject."""
    found: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                shown = _operation(document, method, path, operation, item.get("parameters", []))
                found.setdefault(operation["tags"][0], []).append(shown)
    return dict(sorted(found.items(), key=lambda section: (*_FIRST, section[0]).index(section[0])))


_FIRST = ("Secrets", "Strategies", "Rotations", "Keys", "Connections", "Audit", "Credentials")


def _operation(document: dict[str, Any], method: str, path: str, told: dict[str, Any], shared: list[Any]) -> Operation:
    parameters = [_parameter(_resolved(document, each)) for each in [*shared, *told.get("parameters", [])]]
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    responses = {status: _resolved(document, each) for status, each in sorted(told["responses"].items())}
    success = next((each for status, each in responses.items() if status.startswith("2")), {})
    answer = success.get("content", {}).get("application/json", {}).get("schema")
    return Operation(
        method.upper(), path, told["summary"], told.get("description", ""),
        [*parameters, *(_members(document, body, "body") if body else [])],
        list(_members(document, answer)) if answer else [],
        [(status, each["description"]) for status, each in responses.items()],
    )  # fmt: skip


def _parameter(told: dict[str, Any]) -> Member:
    is_required = bool(told.get("required"))
    return Member(told["name"], _kind(told["schema"]), told.get("description", ""), told["in"], is_required)


def _members(document: dict[str, Any], schema: dict[str, Any], where: str = "", before: str = "") -> Iterator[Member]:
    """The members of a schema, and below each those of what it holds."""
    schema = _resolved(document, schema)
    for name, told in schema.get("properties", {}).items():
        inner = next((each for each in told.get("anyOf", []) if "$ref" in each), told)
        kind = _kind(told)
        text = told.get("description", "")
        if choice := told.get("enum"):
            text = f"{text} One of {', '.join(map(str, choice))}.".strip()
        yield Member(f"{before}{name}", kind, text, where, name in schema.get("required", []))
        if "items" in inner:
            yield from _members(document, inner["items"], where, f"{before}{name}[].")
        elif "$ref" in inner:
            yield from _members(document, inner, where, f"{before}{name}.")


_WORDS = {"string": "text", "integer": "number", "boolean": "true or false", "array": "list", "object": "object"}


def _kind(schema: dict[str, Any]) -> str:
    """What a member is, in a word or two."""
    if "anyOf" in schema:
        return "object or null"
    kinds = schema.get("type", "object")
    words = [_WORDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    if schema.get("format") == "date-time":
        words[0] = "time"
    return " or ".join(words)


def _resolved(document: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to, or the thing itself."""
    if "$ref" not in told:
        return told
    found: Any = document
    for part in told["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    resolved: dict[str, Any] = found
    return resolved
