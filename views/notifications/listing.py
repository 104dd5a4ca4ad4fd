"""Who is told what in a project."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from database import db
from models.telling.deliveries import last_deliveries
from models.telling.receivers import addresses_of, webhooks_of
from rotation.telling.services import SERVICES
from views.fetch import get_project
from views.notifications.blueprint import bp


@bp.get("")
def list_receivers(project_name: str) -> ResponseReturnValue:
    """Show the project's webhooks and addresses, each with how its last delivery went."""
    project = get_project(project_name)
    return render_template(
        "notifications/list.html",
        project=project,
        webhooks=webhooks_of(db.session(), project.id),
        addresses=addresses_of(db.session(), project.id),
        last=last_deliveries(db.session(), project.id),
        services=SERVICES,
    )
