"""Who is signed in. Every view wants that but those marked `@public`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from werkzeug.wrappers import Response as BaseResponse

from database import READING_METHODS, aside, db
from models.audit import Action, record
from models.base import Base
from models.user import SESSION_LIMIT, SESSION_TOUCH, User, UserSession, find_session, start_session, touch_session
from views.frame.security import cookie_name, uses_https
from views.frame.services import now
from views.htmx import answer, wants_partial

V = TypeVar("V", bound=Callable[..., Any])

_COOKIE = "KEYTURN_SESSION_COOKIE"


def public(view: V) -> V:
    """Let everybody in: the view says itself what it shows to whom."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Look at the cookie of each request, and send those who aren't signed in to the door."""
    with app.app_context():
        app.config[_COOKIE] = cookie_name("session", app.config["SECRET_KEY"], secure=uses_https())
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(_load)
    manager.unauthorized_handler(_to_the_door)
    manager.init_app(app)
    app.before_request(_want_sign_in)


def me() -> User:
    """The person who is signed in; only in views that aren't public."""
    user: User = current_user._get_current_object()  # noqa: SLF001 - the way out of a werkzeug proxy
    return user


def my_session() -> UserSession:
    """The session of this browser; only in views that aren't public."""
    current: UserSession = g.user_session
    return current


def audit(action: Action, thing: str, **facts: Any) -> None:
    """Record that the signed-in person does `action` to `thing` from here, in the request's transaction."""
    user = me()
    facts.setdefault("address", request.remote_addr or "")
    record(db.session(), at=now(), actor=user.name, actor_id=user.id, action=action, thing=thing, **facts)


def changes(row: Base, values: Mapping[str, Any]) -> dict[str, str]:
    """Take the values over into the row; what differs from before, for the audit log."""
    told = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            setattr(row, name, value)
            told[name] = f"{before} to {value}"
    return told


def sign_in(user: User, response: BaseResponse) -> None:
    """Start a new session for `user` and give its token to the browser. The caller commits before it answers."""
    session.clear()
    token = start_session(
        db.session(), user, now(), address=request.remote_addr or "", browser=request.user_agent.string
    )
    response.set_cookie(
        current_app.config[_COOKIE], token, max_age=SESSION_LIMIT, secure=uses_https(), httponly=True, samesite="Lax"
    )


def forget_browser(response: BaseResponse) -> None:
    """Take the session's token from the browser."""
    session.clear()
    response.delete_cookie(current_app.config[_COOKIE], secure=uses_https(), httponly=True, samesite="Lax")


def safe_next(target: str | None) -> str:
    """`target` if it is a path of this site, else the start page: no link leads from the sign-in to another site."""
    bad = not target or not target.startswith("/") or target.startswith(("//", "/\\"))
    return "/" if bad or target is None or any(ord(char) <= ord(" ") for char in target) else target


def _load(_request: Any) -> User | None:
    token = request.cookies.get(current_app.config[_COOKIE])
    found = find_session(db.session(), token, now()) if token else None
    if found is None:
        return None
    # A part of a page that asks for itself is no sign that somebody is there.
    if now() - found.seen_at >= SESSION_TOUCH and "Keyturn-Poll" not in request.headers:
        _touch(found)
    g.user_session = found
    return found.user


def _touch(found: UserSession) -> None:
    if request.method not in READING_METHODS:
        # The request's transaction may hold SQLite's only write lock: another one would wait for it in vain.
        found.seen_at = now()
        return
    with aside() as writer:
        touch_session(writer, found.id, now())


def _want_sign_in() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "is_public", False) or current_user.is_authenticated:
        return None
    return _to_the_door()


def _to_the_door() -> ResponseReturnValue:
    """To the sign-in, and from there back to the page that was open."""
    if wants_partial():
        return answer("", 401, redirect=url_for("door.sign_in", next=page_path()))
    return redirect(url_for("door.sign_in", next=page_path()))


def page_path() -> str:
    """Path and query of the page that the person looks at: this one, or the one that sent this request."""
    if request.method == "GET" and not wants_partial():
        return safe_next(request.full_path.rstrip("?"))
    sender = request.headers.get("HX-Current-URL") or request.referrer or ""
    own = request.host_url
    return safe_next(sender.removeprefix(own.rstrip("/")) if sender.startswith(own) else "/")
