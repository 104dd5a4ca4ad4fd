"""The door: sign-in, and the one-time links for set-up, invitation and reset."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from database import db
from forms.account import NewPassword, NewPerson, SignIn, known_zone
from models.audit import Action, record
from models.links import LinkKind, find_link, use_link
from models.people import anyone_exists, check_password, create_user, find_user, set_password
from models.user import OneTimeLink, User
from views.frame.identity import public, safe_next
from views.frame.identity import sign_in as start_session
from views.frame.limits import allow_try, forget_tries, tries_left
from views.frame.services import now

bp = Blueprint("door", __name__)

_WARN_BELOW = 4


@bp.get("/login")
@public
def sign_in() -> ResponseReturnValue:
    """Show the sign-in; who is signed in goes on."""
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")))
    if not anyone_exists(db.session()):
        return redirect(url_for(".tell_setup"))
    return render_template("door/sign_in.html", form=SignIn(), next=safe_next(request.args.get("next")), refused="")


@bp.post("/login")
@public
def try_password() -> ResponseReturnValue:
    """Sign in. Unknown user, wrong password and disabled user get the same answer."""
    form, target = SignIn(), safe_next(request.form.get("next"))
    if not form.validate():
        return render_template("door/sign_in.html", form=form, next=target, refused=""), 422
    if not allow_try(form.name.data):
        return _refuse(form, target, "Too many tries", "Wait 5 minutes, then try again.", 429)
    user = find_user(db.session(), form.name.data)
    if not check_password(user, form.password.data) or user is None or user.disabled_at:
        return _refuse(form, target, "User name or password is wrong", _left(), 422)
    forget_tries()
    if user.time_zone == "UTC":
        user.time_zone = known_zone(form.zone.data)
    return _let_in(user, Action.USER_SIGN_IN, target)


@bp.get("/setup")
@public
def tell_setup() -> ResponseReturnValue:
    """Say where the set-up link is; an installation that is set up has no such page."""
    if anyone_exists(db.session()):
        abort(404)
    return render_template("door/setup_link.html")


@bp.route("/setup/<token>", methods=["GET", "POST"])
@public
def set_up(token: str) -> ResponseReturnValue:
    """Make the first administrator."""
    link = _link(LinkKind.SETUP, token)
    if link is None or anyone_exists(db.session()):
        return _gone()
    return _join(link, "door/setup.html", Action.USER_CREATE)


@bp.route("/invite/<token>", methods=["GET", "POST"])
@public
def accept_invite(token: str) -> ResponseReturnValue:
    """Make a user with the rights of the invitation."""
    link = _link(LinkKind.INVITE, token)
    return _join(link, "door/invite.html", Action.USER_CREATE) if link else _gone()


@bp.route("/reset/<token>", methods=["GET", "POST"])
@public
def reset_password(token: str) -> ResponseReturnValue:
    """Choose a new password; all sessions of the person end."""
    link = _link(LinkKind.RESET, token)
    user = db.session.get(User, link.user_id) if link else None
    if link is None or user is None or user.disabled_at:
        return _gone()
    form = NewPassword()
    form.about = (user.name, user.email)
    if not form.validate_on_submit():
        return render_template("door/reset.html", form=form, name=user.name), _status()
    if not use_link(db.session(), link, now()):
        return _gone()
    set_password(db.session(), user, form.password.data, now())
    return _let_in(user, Action.USER_RESET_PASSWORD, "/")


def _join(link: OneTimeLink, template: str, action: Action) -> ResponseReturnValue:
    form = NewPerson()
    if request.method == "GET":
        form.email.data = link.email
    if not form.validate_on_submit():
        return render_template(template, form=form), _status()
    if not use_link(db.session(), link, now()):
        return _gone()
    try:
        user = create_user(
            db.session(),
            form.name.data,
            form.password.data,
            now(),
            email=form.email.data or "",
            is_admin=link.is_admin or link.kind == LinkKind.SETUP,
            time_zone=known_zone(form.zone.data),
            project_ids=tuple(link.project_ids),
        )
    except IntegrityError:
        db.session.rollback()
        form.name.errors = ["This name is taken."]
        return render_template(template, form=form), 422
    return _let_in(user, action, "/")


def _let_in(user: User, action: Action, target: str) -> ResponseReturnValue:
    response = redirect(target, 303)
    start_session(user, response)
    record(
        db.session(),
        at=now(),
        actor=user.name,
        actor_id=user.id,
        action=action,
        thing=user.name,
        address=request.remote_addr or "",
    )
    db.session.commit()
    return response


def _refuse(form: SignIn, target: str, heading: str, text: str, status: int) -> ResponseReturnValue:
    record(
        db.session(),
        at=now(),
        actor=form.name.data,
        action=Action.USER_SIGN_IN_REFUSED,
        thing=form.name.data,
        address=request.remote_addr or "",
    )
    db.session.commit()
    return render_template("door/sign_in.html", form=form, next=target, refused=heading, why=text), status


def _left() -> str:
    left = tries_left()
    if left >= _WARN_BELOW:
        return ""
    return f"{left} more {'try' if left == 1 else 'tries'}, then a pause of 5 minutes for this user name."


def _link(kind: LinkKind, token: str) -> OneTimeLink | None:
    return find_link(db.session(), kind, token, now())


def _gone() -> ResponseReturnValue:
    return render_template("door/gone.html"), 404


def _status() -> int:
    return 422 if request.method == "POST" else 200
