"""The addresses of tokens, and who may reach which."""

from __future__ import annotations

from flask import Blueprint, abort
from sqlalchemy import select

from database import db
from models import Project, ServiceToken
from views.fetch_rotation import sane_id

bp = Blueprint("tokens", __name__, url_prefix="/projects/<project_name>/tokens")


def get_token(project: Project, token_id: int) -> ServiceToken:
    """The project's token of this id, unless it is revoked; else 404. `project` comes from `get_project`."""
    mine = select(ServiceToken).where(ServiceToken.project_id == project.id, ServiceToken.revoked_at.is_(None))
    return db.session.scalar(mine.where(ServiceToken.id == sane_id(token_id))) or abort(404)
