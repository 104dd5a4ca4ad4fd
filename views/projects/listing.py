"""All projects that a person may enter, and a new one."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from database import db
from forms.projects import ProjectName
from models import Action, Project
from models.project import create_project
from models.reading.overview import summaries
from views.fetch import get_project, my_projects
from views.frame.identity import audit
from views.frame.services import keyring, now
from views.projects.blueprint import administrators_only, bp


@bp.get("/")
def list_projects() -> ResponseReturnValue:
    """List the projects."""
    projects = my_projects()
    return render_template(
        "projects/list.html", projects=projects, summaries=summaries(db.session(), [each.id for each in projects])
    )


@bp.get("/projects/<project_name>")
def open_project(project_name: str) -> ResponseReturnValue:
    """Go to its secrets."""
    return redirect(url_for("secrets.open_secrets", project_name=get_project(project_name).name))


@bp.get("/projects/new")
@administrators_only
def new_project() -> ResponseReturnValue:
    """Show the form."""
    return render_template("projects/new.html", form=ProjectName())


@bp.post("/projects/new")
@administrators_only
def add_project() -> ResponseReturnValue:
    """Make a project with the three default environments."""
    form = ProjectName()
    project = _create(form) if form.validate() else None
    if project is None:
        return render_template("projects/new.html", form=form), 422
    audit(Action.PROJECT_CREATE, project.name, project_id=project.id)
    db.session.commit()
    return redirect(url_for(".start", project_name=project.name), 303)


def _create(form: ProjectName) -> Project | None:
    """The new project, or None with an error at its field."""
    try:
        with db.session.begin_nested():
            return create_project(db.session(), keyring(), form.name.data, now())
    except IntegrityError:
        form.name.errors = ["There is a project of this name already. Choose another one."]
        return None
