"""The password again, before what can't be undone, when it was last given a while ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from database import db
from models.people import check_password
from views.frame.identity import me, my_session, page_path
from views.frame.limits import allow_try, forget_tries
from views.frame.services import now
from views.htmx import dialog

FRESH = timedelta(minutes=15)
_FIELD = "confirm_password"
_OWN_FIELDS = {_FIELD, "csrf_token", "username"}

V = TypeVar("V", bound=Callable[..., ResponseReturnValue])


def init_app(app: Flask) -> None:
    """Let dialogs ask."""
    app.jinja_env.globals.update(password_is_fresh=password_is_fresh)


def password_fresh_required(view: V) -> V:
    """Ask for the password first, unless it was given in the last 15 minutes; then do what was asked.

    Put it below the route, on a view that takes POST only. The question is a dialog for htmx, a page otherwise; it
    carries the request's fields along to the same address, so don't put it on a view whose form holds a secret's value.
    After the question, htmx swaps the answer into `#dialog`: the view answers with `dialog(...)`, or with
    `done(...)` and partials out of band. A dialog that acts may ask by itself: `password_again()` of
    macros/password.html.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        return ask_password() or view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def ask_password() -> Response | None:
    """The question, or None when the password is fresh or was just given rightly. For views that decide themselves."""
    if _FIELD in request.form:
        problem = _confirm(request.form[_FIELD])
        return _question(problem, 422) if problem else None
    return None if password_is_fresh() else _question("")


def password_is_fresh() -> bool:
    """Whether the password was given recently enough: dialogs that act leave its field out then."""
    return now() - my_session().password_at <= FRESH


def password_problem() -> str:
    """Why the password isn't fresh, in a sentence; empty when it is, or was just given rightly.

    For a form that holds a secret's value, which the question would carry along: it asks in itself, by
    `password_field(problem)` of macros/password.html, and comes back with this.
    """
    if password_is_fresh():
        return ""
    given = request.form.get(_FIELD, "")
    return _confirm(given) if given else "Give your password as well."


def _confirm(password: str) -> str:
    user = me()
    if not allow_try(user.name):
        return "Too many tries. Wait 5 minutes, then try again."
    if not check_password(user, password):
        return "This isn't your password."
    forget_tries()
    my_session().password_at = now()
    db.session.commit()
    return ""


def _question(problem: str, status: int = 200) -> Response:
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in _OWN_FIELDS]
    return dialog(
        "account/_confirm.html",
        status,
        problem=problem,
        kept=kept,
        action=request.full_path.rstrip("?"),
        back=page_path(),
    )
