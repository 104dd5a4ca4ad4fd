"""One's own account: settings, password, sessions, theme, sign-out."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from database import db
from forms.account import ChangePassword, Settings
from models.audit import Action
from models.people import check_password, set_password
from models.user import end_sessions, live_sessions
from views.frame.browser import browser_words
from views.frame.identity import audit, forget_browser, me, my_session, safe_next
from views.frame.limits import allow_try, forget_tries
from views.frame.services import now
from views.htmx import done

bp = Blueprint("account", __name__, url_prefix="/account")

_THEMES = {"", "light", "dark"}


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the account."""
    return _page(Settings(obj=me()), ChangePassword(formdata=None))


@bp.post("/settings")
def save_settings() -> ResponseReturnValue:
    """Save e-mail and time zone."""
    form = Settings()
    if not form.validate():
        return _page(form, ChangePassword(formdata=None)), 422
    me().email, me().time_zone = form.email.data or "", form.time_zone.data
    db.session.commit()
    return done(url_for(".show"), toast="Saved")


@bp.post("/password")
def change_password() -> ResponseReturnValue:
    """Change the password; all other sessions end."""
    form, user = ChangePassword(), me()
    form.about = (user.name, user.email)
    fine = form.validate()
    if fine and not allow_try(user.name):
        form.current.errors, fine = ["Too many tries. Wait 5 minutes, then try again."], False
    elif fine and not check_password(user, form.current.data):
        form.current.errors, fine = ["This isn't your current password."], False
    if not fine:
        return _page(Settings(formdata=None, obj=user), form), 422
    forget_tries()
    set_password(db.session(), user, form.password.data, now(), keep=my_session())
    audit(Action.USER_CHANGE_PASSWORD, user.name)
    db.session.commit()
    return done(url_for(".show"), toast="Password changed. Your other sessions have ended.")


@bp.post("/sessions/<int:session_id>/end")
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of one's own sessions."""
    found = [row for row in live_sessions(db.session(), me(), now()) if row.id == session_id]
    if not found:
        abort(404)
    found[0].ended_at = now()
    audit(Action.USER_END_SESSION, browser_words(found[0].browser))
    db.session.commit()
    return done(url_for(".show"), toast="Session ended")


@bp.post("/sessions/end-others")
def end_other_sessions() -> ResponseReturnValue:
    """End all of one's sessions but this one."""
    if end_sessions(db.session(), me(), now(), but=my_session()):
        audit(Action.USER_END_SESSION, "all other sessions")
    db.session.commit()
    return done(url_for(".show"), toast="Your other sessions have ended")


@bp.post("/theme")
def choose_theme() -> ResponseReturnValue:
    """Choose light, dark or as the system, and stay on the page."""
    theme = request.form.get("theme")
    if theme not in _THEMES:
        abort(400)
    me().theme = theme
    db.session.commit()
    return redirect(safe_next(request.form.get("next")), 303)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this session."""
    my_session().ended_at = now()
    audit(Action.USER_SIGN_OUT, me().name)
    db.session.commit()
    response = redirect(url_for("door.sign_in"), 303)
    forget_browser(response)
    return response


def _page(settings: Settings, password: ChangePassword) -> str:
    return render_template(
        "account/show.html",
        settings=settings,
        password=password,
        sessions=live_sessions(db.session(), me(), now()),
        this=my_session(),
    )
