"""The versions of a secret: who, when and why; bringing an earlier one back."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from database import db
from models import Action, Project, Secret
from models.reading.versions import read_versions
from models.secret import StaleSecretError
from models.vault.editing import restore_version
from models.vault.writers import WrittenByStrategyError, writer_of
from views.fetch import get_project
from views.frame.identity import audit, me
from views.frame.services import keyring, now
from views.htmx import done, out_of_band
from views.secrets.blueprint import bp
from views.secrets.place import get_secret, place_dialog, place_of, row_values
from views.secrets.revealing import get_version

PAGE_SIZE = 50


@bp.get("/secret/<int:secret_id>/versions")
def show_versions(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Show the versions, the newest first."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before <= secret.version:
        abort(404)
    shown, older = read_versions(db.session(), secret, PAGE_SIZE, before)
    return place_dialog(
        "secrets/_versions.html",
        place_of(project, secret),
        secret=secret,
        versions=shown,
        older=older,
        writer=writer_of(db.session(), secret.id),
    )


@bp.get("/secret/<int:secret_id>/restore")
def ask_to_restore(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Ask whether to bring `version` back."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    return _dialog(project, secret, request.args.get("version", ""))


@bp.post("/secret/<int:secret_id>/restore")
def restore(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Make the value of an earlier version the current one."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    number = request.form.get("version", "")
    version = get_version(secret, number)
    seen = request.form.get("seen", type=int)
    if seen is None or version.number == secret.version == seen:
        abort(400)
    key = project.sealing_key(keyring())
    try:
        restore_version(db.session(), key, secret, version.number, seen, now=now(), author=me().name)
    except (StaleSecretError, LookupError):
        return _dialog(project, secret, number, is_stale=True)
    except WrittenByStrategyError:
        return _dialog(project, secret, number)
    thing = f"{secret.place} {secret.name}"
    audit(
        Action.SECRET_RESTORE,
        thing,
        project_id=project.id,
        secret_id=secret.id,
        version=secret.version,
        from_version=version.number,
    )
    db.session.commit()
    place = place_of(project, secret)
    row = out_of_band(render_template("secrets/_secret.html", **row_values(place, secret)))
    return done(f"{place.url}#secret-{secret.id}", row, toast=f"Version {number} is back, as version {secret.version}")


def _dialog(project: Project, secret: Secret, number: str, *, is_stale: bool = False) -> ResponseReturnValue:
    return place_dialog(
        "secrets/_restore.html",
        place_of(project, secret),
        422 if is_stale else 200,
        secret=secret,
        wanted=get_version(secret, number),
        writer=writer_of(db.session(), secret.id),
        is_stale=is_stale,
    )
