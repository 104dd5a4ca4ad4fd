"""A project's settings: its name, its environments, its end."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from database import db
from forms.projects import EnvironmentName, MaximumAge, OwnCredentials, ProjectName
from models import Action, Project, Secret
from models.vault.tidying import NotEmptyError, TakenError, delete_project, project_contents, rename
from rotation.when.planning import allow_age
from views.fetch import get_project
from views.frame.identity import audit
from views.frame.services import now
from views.htmx import dialog, done
from views.projects.blueprint import administrators_only, bp
from views.reauth import password_fresh_required


@bp.get("/projects/<project_name>/settings")
def show_settings(project_name: str) -> ResponseReturnValue:
    """Show the settings."""
    return settings_page(get_project(project_name))


@bp.post("/projects/<project_name>/rename")
@administrators_only
def rename_project(project_name: str) -> ResponseReturnValue:
    """Give the project another name; its addresses change with it."""
    project, form = get_project(project_name), ProjectName()
    before = project.name
    if not form.validate():
        return settings_page(project, name_form=form), 422
    try:
        rename(db.session(), project, form.name.data)
    except TakenError:
        form.name.errors = ["There is a project of this name already. Choose another one."]
        return settings_page(project, name_form=form), 422
    if project.name != before:
        audit(Action.PROJECT_RENAME, before, project_id=project.id, to=project.name)
    db.session.commit()
    return done(url_for(".show_settings", project_name=project.name), toast="Saved")


@bp.post("/projects/<project_name>/maximum-age")
@administrators_only
def set_maximum_age(project_name: str) -> ResponseReturnValue:
    """Set how old the project's keys may get; schedules follow at once."""
    project, form = get_project(project_name), MaximumAge()
    if not form.validate():
        return settings_page(project, age_form=form), 422
    if form.max_key_age_s != project.max_key_age_s:
        allow_age(db.session(), project, form.max_key_age_s, now())
        audit(Action.PROJECT_CHANGE, project.name, project_id=project.id, max_key_age_s=form.max_key_age_s or "none")
        db.session.commit()
    return done(url_for(".show_settings", project_name=project.name), toast="Saved")


@bp.post("/projects/<project_name>/own-credentials")
@administrators_only
def set_own_credentials(project_name: str) -> ResponseReturnValue:
    """Allow the project's connections the server's own AWS credentials, or withdraw it; it holds at once."""
    project, form = get_project(project_name), OwnCredentials()
    if form.validate() and form.lends_own.data != project.lends_own:
        project.lends_own = form.lends_own.data
        told = "allowed" if project.lends_own else "withdrawn"
        audit(Action.PROJECT_CHANGE, project.name, project_id=project.id, own_credentials=told)
        db.session.commit()
    return done(url_for(".show_settings", project_name=project.name), toast="Saved")


@bp.get("/projects/<project_name>/delete")
@administrators_only
def ask_to_delete_project(project_name: str) -> ResponseReturnValue:
    """Ask whether to delete the project, or say why it can't be."""
    project = get_project(project_name)
    return _delete_dialog(project, project_contents(db.session(), project))


@bp.post("/projects/<project_name>/delete")
@administrators_only
@password_fresh_required
def remove_project(project_name: str) -> ResponseReturnValue:
    """Delete an empty project."""
    project = get_project(project_name)
    name = project.name
    try:
        delete_project(db.session(), project)
    except NotEmptyError as refusal:
        return _delete_dialog(project, refusal.contents, 422)
    audit(Action.PROJECT_DELETE, name)
    db.session.commit()
    return done(url_for(".list_projects"), toast=f"Deleted {name}")


def settings_page(
    project: Project,
    *,
    name_form: ProjectName | None = None,
    environment_form: EnvironmentName | None = None,
    age_form: MaximumAge | None = None,
) -> str:
    """The page, with a form that was refused in its place."""
    counts = select(Secret.environment_id, func.count()).where(Secret.project_id == project.id)
    return render_template(
        "projects/settings.html",
        project=project,
        name_form=name_form or ProjectName(formdata=None, name=project.name),
        age_form=age_form or MaximumAge(formdata=None, days=_days(project)),
        own_form=OwnCredentials(formdata=None, lends_own=project.lends_own),
        environment_form=environment_form or EnvironmentName(formdata=None),
        counts={row[0]: row[1] for row in db.session.execute(counts.group_by(Secret.environment_id))},
        contents=project_contents(db.session(), project),
    )


def _days(project: Project) -> str:
    return str(timedelta(seconds=project.max_key_age_s).days) if project.max_key_age_s else ""


def _delete_dialog(project: Project, contents: dict[str, int], status: int = 200) -> ResponseReturnValue:
    return dialog("projects/_delete.html", status, project=project, contents=contents)
