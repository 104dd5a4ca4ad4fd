"""Errors as programs get them: application/problem+json (RFC 9457) with a stable `code`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from marshmallow import fields
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from api.fields import Answer
from database import db
from views.frame.away import words_for

log = logging.getLogger("keyturn.web")

CONTENT_TYPE = "application/problem+json"

Errors = Mapping[str, list[str]]


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """The answer to a request that can't be served. `detail` is for a person, and holds no value."""

    def __init__(
        self, status: int, code: str, title: str, detail: str, errors: Errors | None = None, **headers: str
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.title, self.detail, self.errors = status, code, title, detail, errors
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class ProblemSchema(Answer):
    """What is wrong. `code` is for programs and stays as it is; `detail` is for people."""

    type = fields.String()
    status = fields.Integer()
    code = fields.String()
    title = fields.String()
    detail = fields.String()
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"optional": True, "description": "What is wrong with which field, where a field is wrong."},
    )


def invalid(errors: Errors) -> Problem:
    """The problem of fields that can't be right."""
    return Problem(422, "invalid", "Not valid", "Some fields can't be right. Nothing was changed.", errors)


def answer(problem: Problem) -> Response:
    """The problem as an answer. What the request had open is rolled back."""
    with suppress(DBAPIError):
        db.session.rollback()
    facts: dict[str, Any] = {
        "type": "about:blank",
        "status": problem.status,
        "code": problem.code,
        "title": problem.title,
        "detail": problem.detail,
    }
    if problem.errors is not None:
        facts["errors"] = problem.errors
    response = jsonify(facts)
    response.status_code = problem.status
    response.content_type = CONTENT_TYPE
    response.headers.update(problem.headers)
    return response


_CODES = {
    400: ("bad-request", "Keyturn can't read this request. Nothing was changed."),
    404: ("no-such-address", "/docs/api tells which there are."),
    405: ("wrong-method", "This address doesn't take such a request. Nothing was changed."),
    413: ("too-large", "A request may have 1 MiB, a value 64 KiB. Nothing was changed."),
    415: ("not-json", "Send JSON, and say so: Content-Type: application/json."),
    429: ("too-many", "Wait a minute, then try again."),
    500: ("failed", "The cause is in the log, under the reference. What was committed before stays."),
}


def of_http(error: HTTPException) -> Response:
    """An error of HTTP, such as a failure of Keyturn's own, as a problem."""
    status = error.code or 500
    code, detail = _CODES.get(status, (f"http-{status}", "Nothing was changed."))
    if "reference" in g:
        detail = f"{detail} Reference {g.reference}."
    problem = Problem(status, code, error.name, detail)
    problem.headers = {name: value for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}}
    return answer(problem)


def of_outage(error: DBAPIError) -> Response:
    """The database can't be used."""
    heading, text = words_for(error)
    return answer(Problem(503, "database", heading, text, Retry_After="10"))


def unstorable(_error: DataError) -> Response:
    """The database can't hold a part of the request."""
    log.warning("what the database can't hold at %s %s", request.method, request.url_rule)
    return answer(Problem(400, *_BAD))


_BAD = ("bad-request", "Bad Request", "The database can't hold a part of this request. Nothing was changed.")


def told_as_problems(bp: Blueprint) -> None:
    """Have each error at the blueprint's addresses be a problem."""
    bp.register_error_handler(Problem, answer)
    bp.register_error_handler(HTTPException, of_http)
    bp.register_error_handler(OperationalError, of_outage)
    bp.register_error_handler(InterfaceError, of_outage)
    bp.register_error_handler(DataError, unstorable)
