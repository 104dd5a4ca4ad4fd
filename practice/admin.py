"""/practice/...: how practice AWS behaves, what goes wrong and what was called, while it runs.

    GET /practice/settings    POST {"latency_s": 0.05} changes what is named (behaviour.Behaviour)
    GET /practice/faults      POST {"kind": "drop", ...} adds one (faults.Fault), DELETE clears all
    GET /practice/deeds       POST {"does": "delete_user", ...} plans one (deeds.Deed), DELETE clears all
    GET /practice/calls       DELETE clears all

Posts are JSON by their content type too, which no web page can send here unasked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from practice.answers import Answer
from practice.layer import Layer
from practice.request import Request

PREFIX = "/practice/"


def administer(layer: Layer, request: Request) -> Answer:
    """Answer a request below PREFIX."""
    route = _routes(layer).get((request.method, request.target.removeprefix(PREFIX)))
    if route is None:
        return _json(HTTPStatus.NOT_FOUND, {"error": "There is no such route."})
    if request.method != "POST":
        return _json(HTTPStatus.OK, route({}))
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return _json(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"error": "Post application/json."})
    try:
        return _json(HTTPStatus.OK, route(json.loads(request.body)))
    except (ValueError, TypeError) as error:
        return _json(HTTPStatus.BAD_REQUEST, {"error": str(error)})


def _routes(layer: Layer) -> dict[tuple[str, str], Callable[[dict[str, Any]], Any]]:
    return {
        ("GET", "settings"): lambda _: vars(layer.behaviour),
        ("POST", "settings"): layer.behaviour.change,
        ("GET", "faults"): lambda _: layer.faults.listed(),
        ("POST", "faults"): layer.faults.add,
        ("DELETE", "faults"): lambda _: layer.faults.clear(),
        ("GET", "deeds"): lambda _: layer.deeds.listed(),
        ("POST", "deeds"): layer.deeds.add,
        ("DELETE", "deeds"): lambda _: layer.deeds.clear(),
        ("GET", "calls"): lambda _: layer.log.listed(),
        ("DELETE", "calls"): lambda _: layer.log.clear(),
    }


def _json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), (("Content-Type", "application/json"),))
