"""Addresses that don't exist: a program gets a problem there too, not a page for people."""

from __future__ import annotations

from typing import NoReturn

from flask import Blueprint, current_app, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from api.blueprint import want_token_first
from api.problems import told_as_problems
from views.frame.identity import public

bp = Blueprint("nothing", __name__)
bp.before_request(want_token_first)
told_as_problems(bp)

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@bp.route("/v1/", methods=_METHODS, defaults={"_rest": ""})
@bp.route("/v1/<path:_rest>", methods=_METHODS)
@bp.route("/api/", methods=_METHODS, defaults={"_rest": ""})
@bp.route("/api/<path:_rest>", methods=_METHODS)
@public
def nothing(_rest: str) -> NoReturn:
    """Say so to whoever has a token; whoever has none hears no more than elsewhere."""
    taken = {
        method
        for method in _METHODS
        if current_app.create_url_adapter(request).match(method=method)[0] != request.endpoint  # type: ignore[union-attr]
    }
    raise MethodNotAllowed(sorted(taken)) if taken else NotFound
