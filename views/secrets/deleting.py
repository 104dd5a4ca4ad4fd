"""Deleting a secret with all its versions."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from markupsafe import Markup

from database import db
from models import Action, Project, Secret
from models.reading.places import secrets_at
from models.vault.editing import delete_secret
from models.vault.writers import Writer, WrittenByStrategyError, writer_of
from views.fetch import get_project
from views.frame.identity import audit
from views.frame.services import now
from views.htmx import done
from views.reauth import password_fresh_required
from views.secrets.blueprint import bp
from views.secrets.place import get_secret, place_dialog, place_of

_ROW_IS_GONE = Markup('<template><tr id="secret-{}" hx-swap-oob="delete"></tr></template>')


@bp.get("/secret/<int:secret_id>/delete")
def ask_to_delete(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Ask whether to delete it, or say why it can't be."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    return _dialog(project, secret, writer_of(db.session(), secret.id))


@bp.post("/secret/<int:secret_id>/delete")
@password_fresh_required
def delete(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Delete it."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    place, name = place_of(project, secret), secret.name
    try:
        delete_secret(db.session(), secret, now())
    except WrittenByStrategyError as refusal:
        return _dialog(project, secret, refusal.writer, 422)
    audit(Action.SECRET_DELETE, f"{place.name} {name}", project_id=project.id, secret_id=secret_id)
    db.session.commit()
    is_last = not secrets_at(db.session(), place.environment, place.path)
    return done(place.url, "" if is_last else _ROW_IS_GONE.format(secret_id), toast=f"Deleted {name}")


def _dialog(project: Project, secret: Secret, writer: Writer | None, status: int = 200) -> ResponseReturnValue:
    return place_dialog("secrets/_delete.html", place_of(project, secret), status, secret=secret, writer=writer)
