"""Addresses that don't exist: a program gets a problem there too, not a page for people."""

from __future__ import annotations

from typing import NoReturn

from api.blueprint import bp
from api.door import want_token
from api.problems import Problem
from views.frame.identity import public


@bp.get("/v1/<path:_rest>")
@bp.get("/api/<path:_rest>")
@public
def nothing(_rest: str) -> NoReturn:
    """Say so to whoever has a token; whoever has none hears no more than elsewhere."""
    want_token()
    raise Problem(404, "no-such-address", "No such address", "docs/consumers.md tells which there are.")
