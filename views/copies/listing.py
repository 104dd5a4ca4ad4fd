"""The tab of copies: all destinations of a project, each with how its copies stand."""

from __future__ import annotations

from collections import defaultdict

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from database import db
from models import Copy, Project
from models.copies.destination import destinations_of
from views.copies.blueprint import bp
from views.fetch import get_project
from views.frame.services import now
from views.shown.handover.copies import ShownCopy, show


@bp.get("")
def list_destinations(project_name: str) -> ResponseReturnValue:
    """Show the project's destinations."""
    project = get_project(project_name)
    return render_template(
        "copies/list.html",
        project=project,
        destinations=destinations_of(db.session(), project.id),
        copies=_by_destination(project),
    )


def _by_destination(project: Project) -> dict[str, list[ShownCopy]]:
    found: defaultdict[str, list[ShownCopy]] = defaultdict(list)
    for copy in db.session.scalars(select(Copy).where(Copy.project_id == project.id).order_by(Copy.id)):
        found[copy.destination_id].append(show(copy, now()))
    return found
