"""What is said while the database can't be used: it is locked, full or out of reach. Nothing here asks it."""

from __future__ import annotations

import logging
from contextlib import suppress

from flask import Flask, Response, g, make_response, render_template, request
from flask_login import AnonymousUserMixin
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from database import db
from models.engine import BUSY_TIMEOUT_MS, Outage, outage_of
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
_WORDS = {
    Outage.LOCKED: _LOCKED, Outage.FULL: _FULL, Outage.UNWRITABLE: _UNWRITABLE, Outage.AWAY: _AWAY,
}  # fmt: skip


def init_app(app: Flask) -> None:
    """Register the page."""
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(InterfaceError, _away)


def words_for(error: DBAPIError) -> tuple[str, str]:
    """A heading and a text for people, after it was logged and what was open was rolled back."""
    outage, said = outage_of(error)
    log.error("the database fails at %s %s: %s", request.method, request.url_rule, said)
    with suppress(DBAPIError):
        db.session.rollback()
    return _WORDS[outage]


def _away(error: DBAPIError) -> Response:
    heading, text = words_for(error)
    headers = {"Retry-After": str(_AGAIN_AFTER_S)}
    if wants_partial():
        return make_response(f"{heading}. {text}", 503, headers | {"Content-Type": "text/plain; charset=utf-8"})
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 - Flask-Login's own place; who it is stands in the database
    return make_response(render_template("errors/away.html", heading=heading, text=text), 503, headers)
