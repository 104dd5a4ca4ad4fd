"""The environments of a project: add, rename, delete when empty."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from database import db
from forms.projects import EnvironmentName, OtherEnvironmentName
from models import Action, Environment, Project
from models.project import add_environment as add
from models.vault.tidying import (
    LastEnvironmentError,
    NotEmptyError,
    TakenError,
    delete_environment,
    refuse_to_delete,
    rename,
)
from views.fetch import get_environment, get_project
from views.frame.identity import audit
from views.htmx import dialog, done
from views.projects.blueprint import bp
from views.projects.settings import settings_page
from views.reauth import password_fresh_required

_TAKEN = "The project has an environment of this name already. Choose another one."


@bp.post("/projects/<project_name>/environments")
def add_environment(project_name: str) -> ResponseReturnValue:
    """Add an environment after the others."""
    project, form = get_project(project_name), EnvironmentName()
    if not form.validate():
        return settings_page(project, environment_form=form), 422
    try:
        with db.session.begin_nested():
            add(db.session(), project, form.name.data)
    except IntegrityError:
        form.name.errors = [_TAKEN]
        return settings_page(project, environment_form=form), 422
    audit(Action.ENVIRONMENT_ADD, form.name.data, project_id=project.id)
    db.session.commit()
    return done(_settings(project), toast=f"Added {form.name.data}")


@bp.get("/projects/<project_name>/environments/<environment_name>/rename")
def ask_to_rename_environment(project_name: str, environment_name: str) -> ResponseReturnValue:
    """Ask for the new name."""
    project = get_project(project_name)
    environment = get_environment(project, environment_name)
    return _rename_dialog(project, environment, OtherEnvironmentName(formdata=None, name=environment.name))


@bp.post("/projects/<project_name>/environments/<environment_name>/rename")
def rename_environment(project_name: str, environment_name: str) -> ResponseReturnValue:
    """Give it another name; its addresses change with it."""
    project, form = get_project(project_name), OtherEnvironmentName()
    environment = get_environment(project, environment_name)
    before = environment.name
    if not form.validate():
        return _rename_dialog(project, environment, form, 422)
    try:
        rename(db.session(), environment, form.name.data)
    except TakenError:
        form.name.errors = [_TAKEN]
        return _rename_dialog(project, environment, form, 422)
    if environment.name != before:
        audit(Action.ENVIRONMENT_RENAME, before, project_id=project.id, to=environment.name)
    db.session.commit()
    return done(_settings(project), toast="Saved")


@bp.get("/projects/<project_name>/environments/<environment_name>/delete")
def ask_to_delete_environment(project_name: str, environment_name: str) -> ResponseReturnValue:
    """Ask whether to delete it, or say why it can't be."""
    project = get_project(project_name)
    environment = get_environment(project, environment_name)
    try:
        refuse_to_delete(db.session(), environment)
    except (NotEmptyError, LastEnvironmentError) as refusal:
        return _delete_dialog(project, environment, refusal)
    return _delete_dialog(project, environment)


@bp.post("/projects/<project_name>/environments/<environment_name>/delete")
@password_fresh_required
def remove_environment(project_name: str, environment_name: str) -> ResponseReturnValue:
    """Delete an empty environment."""
    project = get_project(project_name)
    environment = get_environment(project, environment_name)
    name = environment.name
    try:
        delete_environment(db.session(), environment)
    except (NotEmptyError, LastEnvironmentError) as refusal:
        return _delete_dialog(project, environment, refusal, 422)
    audit(Action.ENVIRONMENT_DELETE, name, project_id=project.id)
    db.session.commit()
    return done(_settings(project), toast=f"Deleted {name}")


def _settings(project: Project) -> str:
    return url_for(".show_settings", project_name=project.name)


def _rename_dialog(
    project: Project, environment: Environment, form: EnvironmentName, status: int = 200
) -> ResponseReturnValue:
    values = {"project": project, "environment": environment, "form": form, "back": _settings(project)}
    return dialog("projects/_rename_environment.html", status, **values)


def _delete_dialog(
    project: Project, environment: Environment, refusal: Exception | None = None, status: int = 200
) -> ResponseReturnValue:
    secrets = refusal.contents["secret"] if isinstance(refusal, NotEmptyError) else 0
    values = {"project": project, "environment": environment, "back": _settings(project)}
    values |= {"is_refused": refusal is not None, "secrets": secrets}
    return dialog("projects/_delete_environment.html", status, **values)
