"""Errors as programs get them: application/problem+json (RFC 9457) with a stable `code`."""

from __future__ import annotations

from flask import Response, g, jsonify
from werkzeug.exceptions import HTTPException

from database import db


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """The answer to a request that can't be served. `detail` is for a person, and holds no value."""

    def __init__(self, status: int, code: str, title: str, detail: str, **headers: str) -> None:
        super().__init__(code)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answer(problem: Problem) -> Response:
    """The problem as an answer. What the request had open is rolled back."""
    db.session.rollback()
    facts = {
        "type": "about:blank",
        "status": problem.status,
        "code": problem.code,
        "title": problem.title,
        "detail": problem.detail,
    }
    response = jsonify(facts)
    response.status_code = problem.status
    response.content_type = "application/problem+json"
    response.headers.update(problem.headers)
    return response


def of_http(error: HTTPException) -> Response:
    """An error of HTTP, such as a failure of Keyturn's own, as a problem."""
    status = error.code or 500
    reference = f" Reference {g.reference} in the log." if "reference" in g else ""
    return answer(Problem(status, f"http-{status}", error.name, f"Nothing was changed.{reference}"))
