"""Addresses that don't exist: a program gets a problem there too, not a page for people."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from api.door import want_token
from api.problems import Problem, answer, of_http
from views.frame.errors import http_error

_OURS = ("/api/", "/v1/")


def init_app(app: Flask) -> None:
    """Answer with problems where programs ask, and with pages elsewhere."""
    app.register_error_handler(HTTPException, _by_address)


def _by_address(error: HTTPException) -> Response:
    """What is wrong there goes to whoever has a token; whoever has none hears no more than elsewhere."""
    if not f"{request.path}/".startswith(_OURS):
        return http_error(error)
    try:
        want_token()
    except Problem as refusal:
        return answer(refusal)
    return of_http(error)
