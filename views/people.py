"""The administrators' page: who may come in, and where."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from database import db
from forms.account import Invitation, Rights
from models.audit import Action
from models.links import LinkKind, find_invitation, make_link, open_invitations, use_link, void_links_of
from models.people import find_user, is_last_administrator, list_people, project_ids, set_projects
from models.user import User, end_sessions
from views.fetch import my_projects
from views.frame.identity import audit, me
from views.frame.services import config, now
from views.htmx import done
from views.reauth import password_fresh_required

bp = Blueprint("people", __name__)


@bp.before_request
def _administrators_only() -> None:
    """Whoever isn't an administrator finds nothing here."""
    if not current_user.is_admin:
        abort(404)


@bp.get("/people")
def show_people() -> ResponseReturnValue:
    """Show who there is and who is invited."""
    return render_template(
        "people/list.html", people=list_people(db.session()), invitations=open_invitations(db.session(), now())
    )


@bp.get("/invitations/new")
def show_invite() -> ResponseReturnValue:
    """Show the form of an invitation."""
    return render_template("people/invite.html", form=_offer(Invitation()))


@bp.post("/invitations/new")
@password_fresh_required
def invite() -> ResponseReturnValue:
    """Make an invitation and show its link, once."""
    form = _offer(Invitation())
    if not form.validate():
        return render_template("people/invite.html", form=form), 422
    token = make_link(
        db.session(),
        LinkKind.INVITE,
        now(),
        by=me(),
        email=form.email.data or "",
        is_admin=form.is_admin.data,
        project_ids=tuple(form.projects.data or ()),
    )
    audit(Action.USER_INVITE, form.email.data or "someone", **_rights(form))
    db.session.commit()
    return _show_link("invite", url_for("door.accept_invite", token=token), form.email.data)


@bp.post("/invitations/<int:link_id>/withdraw")
def withdraw_invitation(link_id: int) -> ResponseReturnValue:
    """Make an invitation's link worthless."""
    link = find_invitation(db.session(), link_id, now()) or abort(404)
    if use_link(db.session(), link, now()):
        audit(Action.USER_INVITE, link.email or "someone", withdrawn=True)
    db.session.commit()
    return done(url_for(".show_people"), toast="Invitation withdrawn")


@bp.get("/people/<name>")
def show_person(name: str) -> ResponseReturnValue:
    """Show a person's rights."""
    user = _get_user(name)
    form = _offer(Rights(is_admin=user.is_admin, projects=project_ids(db.session(), user)))
    return _person_page(user, form)


@bp.post("/people/<name>")
@password_fresh_required
def save_rights(name: str) -> ResponseReturnValue:
    """Save which projects a person may enter and whether they administer Keyturn."""
    user, form = _get_user(name), _offer(Rights())
    fine = form.validate()
    if fine and not form.is_admin.data and is_last_administrator(db.session(), user):
        form.is_admin.errors, fine = ["The last administrator stays one. Make someone else administrator first."], False
    if not fine:
        return _person_page(user, form), 422
    if user.is_admin and not form.is_admin.data:
        void_links_of(db.session(), user, now())
    user.is_admin = form.is_admin.data
    set_projects(db.session(), user, tuple(form.projects.data or ()))
    audit(Action.USER_CHANGE, user.name, **_rights(form))
    db.session.commit()
    return done(url_for(".show_people"), toast="Saved")


@bp.post("/people/<name>/disable")
@password_fresh_required
def disable(name: str) -> ResponseReturnValue:
    """Let a person in no more, and end all their sessions."""
    user = _get_user(name)
    if user.id == me().id or is_last_administrator(db.session(), user):
        abort(400, "The last administrator, and you yourself, can't be disabled.")
    if not user.disabled_at:
        user.disabled_at = now()
        end_sessions(db.session(), user, now())
        void_links_of(db.session(), user, now())
        audit(Action.USER_DISABLE, user.name)
    db.session.commit()
    return done(url_for(".show_people"), toast="Disabled")


@bp.post("/people/<name>/enable")
def enable(name: str) -> ResponseReturnValue:
    """Let a disabled person in again."""
    user = _get_user(name)
    if user.disabled_at:
        user.disabled_at = None
        audit(Action.USER_ENABLE, user.name)
    db.session.commit()
    return done(url_for(".show_people"), toast="Enabled")


@bp.post("/people/<name>/reset")
@password_fresh_required
def make_reset_link(name: str) -> ResponseReturnValue:
    """Make a link with which a person chooses a new password, and show it, once."""
    user = _get_user(name)
    token = make_link(db.session(), LinkKind.RESET, now(), by=me(), user=user)
    audit(Action.USER_RESET_PASSWORD, user.name, made="link")
    db.session.commit()
    return _show_link("reset", url_for("door.reset_password", token=token), user.name)


def _get_user(name: str) -> User:
    return find_user(db.session(), name) or abort(404)


def _offer(form: Rights) -> Rights:
    form.offer(my_projects())
    return form


def _rights(form: Rights) -> dict[str, Any]:
    names = {choice.value: choice.label for choice in form.projects.choices}
    return {"administrator": form.is_admin.data, "projects": sorted(names[id_] for id_ in form.projects.data or ())}


def _person_page(user: User, form: Rights) -> str:
    return render_template(
        "people/person.html",
        user=user,
        form=form,
        last=is_last_administrator(db.session(), user),
        itself=user.id == me().id,
    )


def _show_link(kind: str, path: str, whom: str) -> str:
    base = config().url or request.host_url.rstrip("/")
    return render_template("people/link.html", kind=kind, link=base + path, whom=whom)
