"""Connections: the managers of a project, what AWS lets them do, and who uses them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from database import db
from models import Action, Connection, Project, RotationStrategy
from models.copies.destination import destinations_by
from rotation.reach.own_key import turner_of
from rotation.setup.connections import connections_of, last_created, strategies_of, take_report, targets_of
from rotation.setup.policy import GAINS
from rotation.watching.drift import look_soon
from views.drafts.asking import ask_about, policies_for, role_policies, stored_access
from views.fetch import get_connection, get_project
from views.frame.identity import audit
from views.frame.services import now, services
from views.htmx import dialog, done, out_of_band
from views.reauth import password_fresh_required
from views.shown.facts import in_full
from views.shown.strategy import state_of
from views.system.state import late

bp = Blueprint("connections", __name__, url_prefix="/projects/<project_name>/connections")


@bp.get("")
def list_connections(project_name: str) -> ResponseReturnValue:
    """Show the project's connections."""
    project = get_project(project_name)
    used = select(RotationStrategy.connection_id, func.count()).group_by(RotationStrategy.connection_id)
    rows = db.session.execute(used.where(RotationStrategy.project_id == project.id)).all()
    counts = {row[0]: row[1] for row in rows}
    connections = connections_of(db.session(), project.id)
    return render_template("connections/list.html", project=project, connections=connections, counts=counts, now=now())


@bp.get("/<name>")
def show(project_name: str, name: str) -> ResponseReturnValue:
    """Show a connection: what the last check found, who uses it, and its policy."""
    project = get_project(project_name)
    connection = get_connection(project, name)
    values = _values(project, connection)
    known = in_full(db.session(), [user.id for user in values["users"]])
    states = {number: state_of(facts, now(), late()) for number, facts in known.items()}
    policies = policies_for(connection, values["users"])
    trust = role_policies(project, connection.role_arn, connection.assumed_by, connection.region)
    return render_template(
        "connections/detail.html", states=states, policies=policies, trust=trust, gains=GAINS, **values
    )


@bp.post("/<name>/check")
def check(project_name: str, name: str) -> ResponseReturnValue:
    """Ask AWS what the connection may do on its strategies' users, and keep the answer."""
    project = get_project(project_name)
    connection = get_connection(project, name)
    access = stored_access(project, connection)
    report = ask_about(access, targets_of(db.session(), strategies_of(db.session(), connection.id)))
    connection = get_connection(project, name)
    take_report(connection, report, now())
    looks = look_soon(db.session(), connection.id, now())
    audit(Action.CONNECTION_CHECK, connection.name, project_id=project.id, failed=len(report.failed))
    db.session.commit()
    for key_id, looked in looks:
        services().courier.key(key_id, looked)
    values = _values(project, connection)
    checks = render_template("connections/_checks.html", **values)
    state = out_of_band(render_template("connections/_state.html", **values))
    return done(_page_of(project, connection), f"{checks}{state}")


@bp.get("/<name>/delete")
def show_delete(project_name: str, name: str) -> ResponseReturnValue:
    """Ask whether to delete the connection."""
    project = get_project(project_name)
    return dialog("connections/_delete.html", **_values(project, get_connection(project, name)))


@bp.post("/<name>/delete")
@password_fresh_required
def delete(project_name: str, name: str) -> ResponseReturnValue:
    """Delete the connection, unless strategies use it."""
    project = get_project(project_name)
    connection = get_connection(project, name)
    values = _values(project, connection)
    if values["users"] or values["destinations"]:
        return dialog("connections/_delete.html", 422, **values)
    audit(Action.CONNECTION_DELETE, name, project_id=project.id, key=connection.access_key_id)
    db.session.delete(connection)
    db.session.commit()
    return done(f"/projects/{project.name}/connections", toast=f"Connection {name} deleted")


def _page_of(project: Project, connection: Connection) -> str:
    return f"/projects/{project.name}/connections/{connection.name}"


def _values(project: Project, connection: Connection) -> dict[str, Any]:
    return {
        "project": project,
        "connection": connection,
        "users": strategies_of(db.session(), connection.id),
        "destinations": destinations_by(db.session(), connection.id),
        "turner": turner_of(db.session(), connection),
        "last_created": last_created(db.session(), connection.id),
        "now": now(),
    }
