"""The description of the addresses, OpenAPI 3.1, made from the code itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import flask_smorest
from flask import Flask

from api.blueprint import bp
from api.problems import CONTENT_TYPE, ProblemSchema
from config import VERSION

_SAID = {
    400: "The request can't be read.",
    401: "Refused: the token isn't right, has no right to it, or there is no such thing. Always the same answer.",
    404: "No such address.",
    409: "Something is in the way: `code` says what.",
    412: "It was changed since it was read.",
    413: "Too large.",
    415: "Not JSON.",
    422: "Some fields can't be right: `errors` says which.",
    429: "Refused too often: mend the token first.",
    503: "Not now: the database can't be used, or there is nothing to hand out yet.",
}
_HEADERS = {
    429: {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}},
    503: {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}},
}
_TEXT = """What programs ask Keyturn, with a service token. The project's tab *Tokens* makes one.

A token reaches one environment and path, and has rights of its own. Whatever it may not, and whatever isn't there, gets
one and the same answer: 401.

Each error is `application/problem+json` with a stable `code`. Times are in UTC. Answers may get further members."""


class Description(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's, with errors as problems; pages for people are Keyturn's own."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """The blueprint has its own."""

    def _register_responses(self) -> None:
        for status, said in _SAID.items():
            content = {CONTENT_TYPE: {"schema": ProblemSchema}}
            answer = {"description": said, "content": content, "headers": _HEADERS.get(status, {})}
            self.spec.components.response(HTTPStatus(status).name, answer, lazy=True)

    def _register_pagination_header(self) -> None:
        """Pages are by cursor."""

    def _register_etag_headers(self) -> None:
        self.spec.components.parameter("IF_NONE_MATCH", "header", {
            "name": "If-None-Match", "schema": {"type": "string"},
            "description": "The `ETag` of an answer: 304 and no body as long as nothing has changed since.",
        }, lazy=True)  # fmt: skip
        self.spec.components.parameter("IF_MATCH", "header", {
            "name": "If-Match", "schema": {"type": "string"},
            "description": "The `ETag` of what is to be changed, as it was read: 412 when somebody was faster.",
        }, lazy=True)  # fmt: skip
        self.spec.components.parameter("IDEMPOTENCY_KEY", "header", {
            "name": "Idempotency-Key", "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "A text of your choice: a request sent again with it within 24 hours is done once.",
        }, lazy=True)  # fmt: skip


def describe(app: Flask) -> Description:
    """Register the blueprint and describe it."""
    app.config.update(API_TITLE="Keyturn", API_VERSION=VERSION, OPENAPI_VERSION="3.1.0")
    described = Description(app, spec_kwargs={"info": {"description": _TEXT}, "security": [{"token": []}]})
    described.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    described.register_blueprint(bp)
    return described


def description(app: Flask) -> dict[str, Any]:
    """The description as a document."""
    found: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return found
