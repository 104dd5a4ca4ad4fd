"""The way to the first turned key. It goes away once it has been walked."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from database import db
from models import Connection, Project, RotationStrategy, Secret
from models.reading.overview import PAIR, FirstSteps, first_steps
from views.fetch import get_project
from views.frame.services import config
from views.projects.blueprint import bp


@bp.app_template_global()
def steps_to_first_key(project: Project) -> FirstSteps | None:
    """How far the project is on its way to the first turned key; None once it is there."""
    steps = first_steps(db.session(), project)
    return None if steps.rotation else steps


@bp.get("/projects/<project_name>/start")
def start(project_name: str) -> ResponseReturnValue:
    """Show which steps are done and which is next."""
    project = get_project(project_name)
    steps = first_steps(db.session(), project)
    if steps.rotation:
        return redirect(url_for("strategies.list_strategies", project_name=project.name))
    mine = db.session.scalars
    strategy = mine(select(RotationStrategy).where(RotationStrategy.project_id == project.id).limit(1)).first()
    connection = mine(select(Connection).where(Connection.project_id == project.id).limit(1)).first()
    secrets = list(mine(select(Secret).where(Secret.project_id == project.id).order_by(Secret.id).limit(PAIR)))
    if strategy is not None and not strategy.turns_manager:
        connection = strategy.connection
        secrets = [strategy.access_key_secret, strategy.secret_key_secret]
    return render_template(
        "projects/start.html",
        project=project,
        steps=steps,
        strategy=strategy,
        connection=connection,
        secrets=secrets,
        is_practice=config().practice,
    )
