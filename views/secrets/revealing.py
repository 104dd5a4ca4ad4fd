"""Revealing a value: one at a time, to one who gave their password lately, and never without an audit entry."""

from __future__ import annotations

from flask import abort, request
from flask.typing import ResponseReturnValue

from database import db
from forms.secrets import REASON_LENGTH, line_problem
from forms.values import described
from models import Action, Project, Secret
from models.secret import SecretVersion
from models.vault.editing import find_version
from views.fetch import get_project
from views.frame.identity import audit
from views.frame.services import keyring
from views.reauth import password_fresh_required
from views.secrets.blueprint import bp
from views.secrets.place import get_secret, place_dialog, place_of

SHOWN_S = 30
_LARGEST_VERSION = 2**31 - 1


@bp.get("/secret/<int:secret_id>/reveal")
def ask_to_reveal(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Ask whether to show the value of the current version, or of `version`."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    return _ask(project, secret, get_version(secret, request.args.get("version", "")))


@bp.post("/secret/<int:secret_id>/reveal")
@password_fresh_required
def reveal(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Show the value for 30 seconds."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    version = get_version(secret, request.form.get("version", ""))
    reason = request.form.get("reason", "").strip()
    problem = line_problem(reason, REASON_LENGTH)
    if problem:
        return _ask(project, secret, version, problem, 422)
    value = take(Action.SECRET_REVEAL, project, secret, version, **({"reason": reason} if reason else {}))
    place = place_of(project, secret)
    response = place_dialog(
        "secrets/_revealed.html",
        place,
        secret=secret,
        wanted=version,
        text=value.decode(errors="replace"),
        facts=described(value),
        shown_s=SHOWN_S,
    )
    # Without JavaScript the browser leaves the page itself; htmx's answers pay no heed to this.
    response.headers["Refresh"] = f"{SHOWN_S}; url={place.url}"
    return response


def get_version(secret: Secret, text: str) -> SecretVersion:
    """The version of the secret that the text names, the current one when it names none; else 404."""
    if text and not (text.isascii() and text.isdecimal() and int(text[:10]) <= _LARGEST_VERSION):
        abort(404)
    return find_version(db.session(), secret, int(text[:10]) if text else secret.version) or abort(404)


def take(action: Action, project: Project, secret: Secret, version: SecretVersion, **facts: str) -> bytes:
    """The version's value, after its entry in the audit log was committed."""
    value = version.open(project.sealing_key(keyring()))
    thing = f"{secret.place} {secret.name}"
    audit(action, thing, project_id=project.id, secret_id=secret.id, version=version.number, **facts)
    db.session.commit()
    return value


def _ask(
    project: Project, secret: Secret, version: SecretVersion, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    values = {"secret": secret, "wanted": version, "problem": problem, "shown_s": SHOWN_S}
    return place_dialog("secrets/_reveal.html", place_of(project, secret), status, **values)
