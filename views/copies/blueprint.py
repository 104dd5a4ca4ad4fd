"""The addresses of destinations and copies, and who may reach which."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, url_for
from sqlalchemy import select

from database import db
from models import Copy, Destination, Project
from rotation.copies.kinds import KINDS
from views.fetch_rotation import sane_id

bp = Blueprint("copies", __name__, url_prefix="/projects/<project_name>/copies")


@bp.app_context_processor
def _kinds() -> dict[str, Any]:
    return {"store_kinds": KINDS}


def get_destination(project: Project, destination_id: str) -> Destination:
    """The project's destination of this id; else 404. `project` comes from `get_project`."""
    mine = select(Destination).where(Destination.project_id == project.id, Destination.id == destination_id)
    return db.session.scalar(mine) or abort(404)


def get_copy(project: Project, copy_id: int) -> Copy:
    """The project's copy of this id; else 404. `project` comes from `get_project`."""
    mine = select(Copy).where(Copy.project_id == project.id, Copy.id == sane_id(copy_id))
    return db.session.scalar(mine) or abort(404)


def page_of(project: Project, destination_id: str) -> str:
    """A destination's page."""
    return url_for("copies.show", project_name=project.name, destination_id=destination_id)
