"""What is said while the database can't be used: it is locked, full or out of reach. Nothing here asks it."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request
from flask_login import AnonymousUserMixin
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from database import db
from models.engine import BUSY_TIMEOUT_MS
from views.htmx import wants_partial

log = logging.getLogger("keyturn.web")

_AGAIN_AFTER_S = 10
_GO_ON = "Programs go on with the secrets that they have read, and rotations go on by themselves once"
_LOCKED = (
    "The database is locked",
    f"Another program holds it for more than {BUSY_TIMEOUT_MS // 1000} s. Nothing was changed. {_GO_ON} it is free.",
)
_FULL = ("The database's disk is full", f"Nothing was changed. Make room on it. {_GO_ON} there is room.")
_UNWRITABLE = (
    "The database can't be written",
    f"Its disk may be full or broken; the log has the database's word for it. Nothing was changed. {_GO_ON} it can be.",
)
_AWAY = (
    "The database doesn't answer",
    f"Whether your last change was stored shows once it is back: look before you repeat it. {_GO_ON} it is back.",
)
_BY_SQLITE = {
    sqlite3.SQLITE_BUSY: _LOCKED, sqlite3.SQLITE_LOCKED: _LOCKED, sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _UNWRITABLE, sqlite3.SQLITE_READONLY: _UNWRITABLE,
}  # fmt: skip
_BY_POSTGRESQL = {"53100": _FULL, "55P03": _LOCKED}
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def init_app(app: Flask) -> None:
    """Register the page."""
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(InterfaceError, _away)


def _away(error: DBAPIError) -> Response:
    cause = _cause(error)
    log.error("the database fails at %s %s: %s", request.method, request.url_rule, _said(cause))
    with suppress(DBAPIError):
        db.session.rollback()
    heading, text = _words(cause)
    headers = {"Retry-After": str(_AGAIN_AFTER_S)}
    if wants_partial():
        return make_response(f"{heading}. {text}", 503, headers | {"Content-Type": "text/plain; charset=utf-8"})
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 - Flask-Login's own place; who it is stands in the database
    return make_response(render_template("errors/away.html", heading=heading, text=text), 503, headers)


def _cause(error: BaseException) -> Any:
    """The driver's first error: a full disk ends SQLite's transaction, and then a savepoint can't be gone back to."""
    while isinstance(error.__context__, DBAPIError):
        error = error.__context__
    return getattr(error, "orig", error)


def _words(cause: Any) -> tuple[str, str]:
    if hasattr(cause, "sqlite_errorcode"):
        return _BY_SQLITE.get(cause.sqlite_errorcode & 0xFF, _AWAY)
    return _BY_POSTGRESQL.get(getattr(cause, "sqlstate", None) or "", _AWAY)


def _said(cause: Any) -> str:
    """The database's own name for it, which holds no values."""
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__} {name or ''}".strip()
