"""Error pages: whole ones, or for htmx a line of plain text that app.js shows."""

from __future__ import annotations

import logging
import secrets
import traceback
from types import TracebackType

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import BadRequest, HTTPException

from database import db
from rotation.requests import BeingDeletedError
from views.htmx import wants_partial

log = logging.getLogger("keyturn.web")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

WORDS = {
    400: ("Keyturn can't read this request", "A part is missing or malformed. Nothing was changed."),
    404: (
        "There is nothing at this address, or you may not see it",
        "It may have been deleted or renamed. The audit log of its project says so.",
    ),
    405: ("This address doesn't take such a request", "Nothing was changed. Go back to the page and use its buttons."),
    413: ("That is too much at once", "A request may have 1 MiB, a value 64 KiB. Nothing was changed."),
    429: ("Too many tries", "Wait a few minutes, then try again."),
    500: (
        "Keyturn failed to answer",
        "The cause is in the log, under the reference below. What was committed before stays.",
    ),
}
_SECRET_FIELD = ("password", "secret", "value", "text", "csrf")


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(CSRFError, _stale_page)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(BeingDeletedError, _being_deleted)


def log_without_values(exc_info: ExcInfo) -> None:
    """Log an unhandled exception's type and its way through the code, but nothing that might hold a value."""
    g.reference = secrets.token_hex(4)
    kind, _, trace = exc_info
    frames = "".join(f"\n  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace))
    name = f"{kind.__module__}.{kind.__qualname__}" if kind else "unknown"
    log.error("%s at %s %s, reference %s%s", name, request.method, request.url_rule, g.reference, frames)


def http_error(error: HTTPException) -> Response:
    """The page of an error of HTTP."""
    if error.response is not None:
        return make_response(error.response)
    code = error.code or 500
    db.session.rollback()
    heading, text = WORDS.get(code, (error.name, "Nothing was changed."))
    if error.description != type(error).description and code in {400, 413, 429}:
        text = error.description or text
    answer = _answer(code, heading, text, reference=g.get("reference", ""))
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            answer.headers[name] = value
    return answer


def _unstorable(_error: DataError) -> Response:
    """The database can't hold a part of the request, such as a NUL in a name (PostgreSQL)."""
    log.warning("what the database can't hold at %s %s", request.method, request.url_rule)
    return http_error(BadRequest())


def _being_deleted(_error: BeingDeletedError) -> Response:
    """Somebody deletes the strategy at this moment: whatever wanted a rotation of it gets none."""
    text = "The strategy is being deleted, so its key isn't turned any more. Nothing was changed."
    return http_error(BadRequest(text))


def _stale_page(_error: CSRFError) -> Response:
    """The page was made for an earlier sign-in. What was typed comes back, secrets excepted, to be sent again."""
    kept = []
    if _sent_from_here():
        kept = [
            (name, value)
            for name, value in request.form.items(multi=True)
            if not any(part in name.lower() for part in _SECRET_FIELD)
        ]
    if wants_partial():
        return _answer(
            400, "This page is from before your last sign-in", "Nothing was changed. Reload it, then try again."
        )
    return make_response(render_template("errors/stale.html", fields=kept, action=request.full_path.rstrip("?")), 400)


def _sent_from_here() -> bool:
    own = request.host_url.rstrip("/")
    return request.headers.get("Sec-Fetch-Site") == "same-origin" or request.headers.get("Origin") == own


def _answer(code: int, heading: str, text: str, reference: str = "") -> Response:
    if wants_partial():
        line = f"{heading}. {text}" + (f" Reference {reference}." if reference else "")
        return make_response(line, code, {"Content-Type": "text/plain; charset=utf-8"})
    return make_response(
        render_template("errors/error.html", code=code, heading=heading, text=text, reference=reference), code
    )
