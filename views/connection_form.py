"""The forms of a connection: new, edit, another key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace as replace_in
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from database import db
from forms.base import Form
from forms.connection import EditConnection, NewConnection, ReplaceKey
from forms.strategy.manager import REGIONS
from models import Action, Connection, Project
from rotation.setup.checks import Report
from rotation.setup.connections import (
    WAY,
    Refused,
    change_connection,
    create_connection,
    facts,
    refusal_of_manager,
    replace_key,
    strategies_of,
    targets_of,
)
from views.drafts import turning
from views.drafts.asking import ask_about, new_access, role_policies, stored_access
from views.fetch import get_connection, get_project
from views.frame.identity import audit, me
from views.frame.services import keyring, now
from views.htmx import done, page_or_partial, wants_partial

bp = Blueprint("connection_form", __name__, url_prefix="/projects/<project_name>/connections")


@bp.get("/new")
def show_new(project_name: str) -> ResponseReturnValue:
    """Show the form of a new connection."""
    project = get_project(project_name)
    return _new(project, _new_form(project))


@bp.post("/new")
def create(project_name: str) -> ResponseReturnValue:
    """Check the manager's key, then save the connection."""
    project = get_project(project_name)
    form = _new_form(project)
    if not form.validate():
        return _new(project, form, 422)
    report = ask_about(new_access(project, form.manager, form.manager_region.data, form.ways), [])
    if report.failed and not form.save_anyway.data:
        if report.identity is None:
            _blame(form, *refusal_of_manager(report))
        return _new(project, form, 422, report)
    try:
        made = _create(project, form, report)
    except Refused as refused:
        _blame(form, refused.field, str(refused))
        return _new(project, form, 422)
    return done(_page_of(project, made), toast=f"Connection {made.name} saved")


@bp.get("/<name>/edit")
def show_edit(project_name: str, name: str) -> ResponseReturnValue:
    """Show name, region, way and verification."""
    project = get_project(project_name)
    connection = get_connection(project, name)
    return _edit(project, connection, _edit_form(connection))


@bp.post("/<name>/edit")
def edit(project_name: str, name: str) -> ResponseReturnValue:
    """Change name, region, way and verification, at once; another way to AWS is tried first."""
    project = get_project(project_name)
    connection = get_connection(project, name)
    form = _edit_form(connection)
    if not form.validate():
        return _edit(project, connection, form, 422)
    settings = form.data_of("region", "verify_rounds", "verify_gap_s", "verify_services") | form.ways
    if connection.role_arn:
        settings["role_arn"] = form.role_arn.data
    report = _try_way(project, connection, settings)
    connection = get_connection(project, name)
    if report and report.failed and not form.save_anyway.data:
        return _edit(project, connection, form, 422, report)
    try:
        changes = change_connection(db.session(), connection, form.connection_name.data, settings, report, now())
    except Refused as refused:
        db.session.rollback()
        _blame(form, refused.field, str(refused))
        return _edit(project, connection, form, 422)
    if changes:
        audit(Action.CONNECTION_CHANGE, connection.name, project_id=project.id, **changes)
    db.session.commit()
    return done(_page_of(project, connection), toast="Saved")


@bp.get("/<name>/key")
def show_replace_key(project_name: str, name: str) -> ResponseReturnValue:
    """Show the form of another key."""
    project = get_project(project_name)
    return _key(project, get_connection(project, name), ReplaceKey())


@bp.post("/<name>/key")
def replace(project_name: str, name: str) -> ResponseReturnValue:
    """Check another key of the manager's, then put it in the place of the present one."""
    project = get_project(project_name)
    connection, form = get_connection(project, name), ReplaceKey()
    if not form.validate():
        return _key(project, connection, form, 422)
    targets = targets_of(db.session(), strategies_of(db.session(), connection.id))
    access = replace_in(stored_access(project, connection), key=form.pair)
    report = ask_about(access, targets)
    connection = get_connection(project, name)
    before = connection.access_key_id
    try:
        replace_key(db.session(), project.sealing_key(keyring()), connection, form.pair, report, now(), me().name)
    except Refused as refused:
        db.session.rollback()
        _blame(form, refused.field, str(refused))
        return _key(project, connection, form, 422)
    audit(
        Action.CONNECTION_CHANGE, connection.name, project_id=project.id, key=f"{before} to {connection.access_key_id}"
    )
    db.session.commit()
    return done(_page_of(project, connection), toast="Key replaced")


@bp.get("/<name>/turn")
def show_turn(project_name: str, name: str) -> ResponseReturnValue:
    """Show when the connection's own key turns, or is to."""
    project = get_project(project_name)
    return _turn(turning.draft_of(project, get_connection(project, name), posted=False))


@bp.post("/<name>/turn")
def turn(project_name: str, name: str) -> ResponseReturnValue:
    """Have the connection's own key turned, or turned by another schedule, at once."""
    project = get_project(project_name)
    draft = turning.draft_of(project, get_connection(project, name), posted=True)
    if not draft.form.validate():
        return _turn(draft, 422)
    try:
        strategy = turning.save(draft)
    except Refused as refused:
        _blame(draft.form, refused.field, str(refused))
        return _turn(draft, 422)
    if strategy is None:
        return _turn(draft, 422)
    return done(f"/projects/{project.name}/strategies/{strategy.id}", toast="Saved")


@bp.post("/<name>/turn/preview")
def preview_turn(project_name: str, name: str) -> ResponseReturnValue:
    """Show when the connection's own key would turn, as far as the form is filled in."""
    project = get_project(project_name)
    draft = turning.draft_of(project, get_connection(project, name), posted=True)
    if wants_partial():
        values = {"project": project, "form": draft.form, **draft.values()}
        return Response(render_template("strategy_form/when/_previewed.html", **values))
    return _turn(draft)


def _create(project: Project, form: NewConnection, report: Report) -> Connection:
    try:
        made = create_connection(
            db.session(),
            project.sealing_key(keyring()),
            project_id=project.id,
            name=form.connection_name.data or "",
            manager=form.manager,
            region=form.manager_region.data,
            ways=form.ways,
            report=report,
            now=now(),
            by=me().name,
        )
    except Refused:
        db.session.rollback()
        raise
    audit(Action.CONNECTION_CREATE, made.name, project_id=project.id, **facts(made))
    db.session.commit()
    return made


def _blame(form: Form, field: str, problem: str) -> None:
    form[field].errors = [*form[field].errors, problem]


def _page_of(project: Project, connection: Connection) -> str:
    return f"/projects/{project.name}/connections/{connection.name}"


def _new_form(project: Project) -> NewConnection:
    form = NewConnection()
    form.offer_kinds(lends_own=project.lends_own)
    return form


def _edit_form(connection: Connection) -> EditConnection:
    form = EditConnection(obj=connection, connection_name=connection.name)
    if not connection.role_arn:
        del form.role_arn
    return form


def _new(project: Project, form: NewConnection, status: int = 200, report: Report | None = None) -> Response:
    caller = report.caller if report else ""
    policies = role_policies(project, form.role_arn.data or "", caller, form.manager_region.data or "")
    return _form("new", project, form, status, report=report, policies=policies)


def _try_way(project: Project, connection: Connection, settings: Mapping[str, Any]) -> Report | None:
    """What AWS says over the changed way; None when it is the same."""
    way = {field: str(settings.get(field, "")) for field in WAY}
    if all(getattr(connection, field) == value for field, value in way.items()):
        return None
    targets = targets_of(db.session(), strategies_of(db.session(), connection.id))
    key = stored_access(project, connection).key
    return ask_about(new_access(project, key, way["region"], way), targets)


def _edit(
    project: Project, connection: Connection, form: EditConnection, status: int = 200, report: Report | None = None
) -> Response:
    return _form("edit", project, form, status, connection=connection, report=report)


def _key(project: Project, connection: Connection, form: ReplaceKey, status: int = 200) -> Response:
    return _form("key", project, form, status, connection=connection)


def _turn(draft: turning.OwnDraft, status: int = 200) -> Response:
    return _form("turn", draft.project, draft.form, status, **draft.values())


def _form(name: str, project: Project, form: Form, status: int, **values: Any) -> Response:
    """The page of a form, or the form alone; what is secret comes back empty, and says so after an error."""
    if status != HTTPStatus.OK and isinstance(form, NewConnection | ReplaceKey):
        form.ask_again()
    templates = (f"connection_form/{name}.html", f"connection_form/_{name}.html")
    return page_or_partial(*templates, status, project=project, form=form, regions=REGIONS, **values)
