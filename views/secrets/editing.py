"""Editing a secret in its row: value, name and comment."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from database import db
from forms.secrets import EditSecret
from models import Action, Project, Secret
from models.secret import StaleSecretError
from models.vault.adding import NameTakenError
from models.vault.editing import Seen, change_secret
from models.vault.writers import WrittenByStrategyError
from views.fetch import get_project
from views.frame.identity import audit, me
from views.frame.services import keyring, now
from views.htmx import done, page_or_partial, wants_partial
from views.secrets.blueprint import bp
from views.secrets.place import get_secret, list_values, place_of, row_values


@bp.get("/secret/<int:secret_id>/row")
def show_row(project_name: str, secret_id: int) -> ResponseReturnValue:
    """The secret's row as it is: what Cancel brings back."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    return _row(project, secret)


@bp.get("/secret/<int:secret_id>/edit")
def edit_secret(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Show the form in place of the row."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    form = EditSecret(f"edit-{secret.id}", formdata=None, name=secret.name, comment=secret.comment)
    form.show(Seen.of(secret))
    return _form(project, secret, form)


@bp.post("/secret/<int:secret_id>/edit")
def save_secret(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Save the change, if nobody else's came first."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    form = EditSecret(f"edit-{secret.id}")
    if not form.validate():
        return _form(project, secret, form, 422)
    before = f"{secret.place} {secret.name}"
    key = project.sealing_key(keyring())
    try:
        changed = change_secret(db.session(), key, secret, form.seen, form.change, now=now(), author=me().name)
    except (StaleSecretError, NameTakenError, WrittenByStrategyError) as refusal:
        _explain(form, secret, refusal)
        return _form(project, secret, form, 422)
    if changed:
        facts: dict[str, Any] = {"new_name": secret.name} if "name" in changed else {}
        facts |= {"version": secret.version} if "value" in changed else {}
        audit(Action.SECRET_CHANGE, before, project_id=project.id, secret_id=secret.id, changed=changed, **facts)
    db.session.commit()
    return _row(project, secret, focus=secret.id, toast="Saved")


def _explain(form: EditSecret, secret: Secret, refusal: Exception) -> None:
    """Say at its field why the change was refused; the next Save is based on what holds now."""
    if isinstance(refusal, NameTakenError):
        form.name.errors = [f"There is a {form.name.data} here already. Choose another name."]
    elif isinstance(refusal, WrittenByStrategyError):
        form.value.errors = [f"The rotation strategy {refusal.writer.user_name} writes the value: rotate it there."]
    else:
        form.is_stale = True
        form.show(Seen.of(secret))


def _form(project: Project, secret: Secret, form: EditSecret, status: int = 200) -> Response:
    place = place_of(project, secret)
    values = row_values(place, secret) if wants_partial() else list_values(place)
    values |= {"form": form, "editing": secret.id}
    return page_or_partial("secrets/list.html", "secrets/_edit_secret.html", status, **values)


def _row(project: Project, secret: Secret, focus: int = 0, toast: str = "") -> Response:
    place = place_of(project, secret)
    if not wants_partial():
        return done(f"{place.url}#secret-{secret.id}", toast=toast)
    return done(place.url, render_template("secrets/_secret.html", **row_values(place, secret), focus=focus))
