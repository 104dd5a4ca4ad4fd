"""A destination: made, tested, changed, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from database import db
from forms.copies.destination import DestinationForm, by_field, destination_form
from models import Connection, Destination, Project
from models.audit import Action
from models.base import add_unless_there, new_id
from models.copies.copy import copies_to
from models.copies.destination import destinations_of
from models.copies.wanting import want_destination
from rotation.copies.copying import Copier, store_of
from rotation.copies.kinds import KINDS
from rotation.copies.remedies import REMEDIES
from rotation.copies.store import Kind, StoreError, Why
from rotation.reach.ways import CHECKING
from views.copies.blueprint import bp, get_destination, page_of
from views.fetch import get_project
from views.frame.identity import audit, changes, me
from views.frame.private import allowed_private
from views.frame.services import config, courier, keyring, now, services
from views.htmx import dialog, done
from views.reauth import password_fresh_required, password_problem
from views.shown.handover.copies import show as show_copy

_TAKEN = "There is a destination {} in this project. Choose another name."


@bp.get("/new")
def choose_kind(project_name: str) -> ResponseReturnValue:
    """Ask where to."""
    return render_template("copies/choose.html", project=get_project(project_name))


@bp.get("/new/<kind_id>")
def show_new(project_name: str, kind_id: str) -> ResponseReturnValue:
    """Show the form of a new destination."""
    project, kind = get_project(project_name), _kind(kind_id)
    return _new_page(project, _form(project, kind)(formdata=None))


@bp.post("/new/<kind_id>")
def make(project_name: str, kind_id: str) -> ResponseReturnValue:
    """Make a destination."""
    project, kind = get_project(project_name), _kind(kind_id)
    form = _form(project, kind)()
    if not form.validate():
        return _new_page(project, form), 422
    destination = Destination(
        id=new_id(), project_id=project.id, kind=kind.id, name=form.name.data, settings=form.settings,
        allows_private=allowed_private(form.allows_private, before=False, moved=True), created_at=now(),
        created_by=me().name, connection_id=form["connection"].data if kind.by_connection else None,
    )  # fmt: skip
    if "credential" in form:
        destination.set_credential(project.sealing_key(keyring()), form["credential"].data or "")
    if not add_unless_there(db.session(), destination):
        form.name.errors = [_TAKEN.format(form.name.data)]
        return _new_page(project, form), 422
    audit(Action.DESTINATION_CREATE, destination.name, project_id=project.id, leads_to=kind.place(form.settings))
    db.session.commit()
    return done(page_of(project, destination.id), toast=f"Destination {destination.name} added")


@bp.get("/<destination_id>")
def show(project_name: str, destination_id: str) -> ResponseReturnValue:
    """Show a destination, its copies and its form."""
    project = get_project(project_name)
    destination = get_destination(project, destination_id)
    return _page(project, destination, _changed_form(project, destination, bound=False))


@bp.get("/<destination_id>/state")
def show_state(project_name: str, destination_id: str) -> ResponseReturnValue:
    """Where its copies stand, for a page that waits for one."""
    project = get_project(project_name)
    return render_template("copies/_copies.html", **_values(project, get_destination(project, destination_id)))


@bp.post("/<destination_id>")
def change(project_name: str, destination_id: str) -> ResponseReturnValue:
    """Change what it is, or its credential. Its copies are made anew then."""
    project = get_project(project_name)
    destination = get_destination(project, destination_id)
    form = _changed_form(project, destination, bound=True)
    problem = password_problem()
    if not form.validate() or not _name_is_free(project, destination, form) or problem:
        return _page(project, destination, form, problem), 422
    place = _place(destination)
    told = _take_over(project, destination, form)
    if told:
        destination.check = destination.checked_at = None
        moved = form.leads_elsewhere or place != _place(destination)
        want_destination(db.session(), destination.id, now(), moved=moved)
        audit(Action.DESTINATION_CHANGE, destination.name, project_id=project.id, **told)
        db.session.commit()
        _send(destination)
    return done(page_of(project, destination.id), toast="Saved")


@bp.post("/<destination_id>/test")
def test(project_name: str, destination_id: str) -> ResponseReturnValue:
    """Try the credential and the place, changing nothing there."""
    project = get_project(project_name)
    destination = get_destination(project, destination_id)
    copier = Copier(db.session(), keyring(), services().clock, config().aws_endpoint_url)
    found: dict[str, Any]
    try:
        found = {"ok": True, "said": store_of(copier, destination, CHECKING).check()}
    except StoreError as error:
        found = {"ok": False, "said": error.said, "why": error.why.value}
    # No transaction was open while the store was asked, so that it may be gone.
    project = get_project(project_name)
    destination = get_destination(project, destination_id)
    destination.check, destination.checked_at = found, now()
    db.session.commit()
    return done(page_of(project, destination.id), toast="Tested" if found["ok"] else "")


@bp.get("/<destination_id>/delete")
def confirm_delete(project_name: str, destination_id: str) -> ResponseReturnValue:
    """Ask once more, or say what is in the way."""
    project = get_project(project_name)
    return _delete_dialog(project, get_destination(project, destination_id))


@bp.post("/<destination_id>/delete")
@password_fresh_required
def delete(project_name: str, destination_id: str) -> ResponseReturnValue:
    """Delete a destination that has no copies any more."""
    project = get_project(project_name)
    destination = get_destination(project, destination_id)
    if copies_to(db.session(), destination.id):
        return _delete_dialog(project, destination, 422)
    audit(Action.DESTINATION_DELETE, destination.name, project_id=project.id)
    db.session.delete(destination)
    db.session.commit()
    return done(url_for(".list_destinations", project_name=project.name), toast=f"Deleted {destination.name}")


def _kind(kind_id: str) -> Kind:
    return KINDS.get(kind_id) or abort(404)


def _form(project: Project, kind: Kind) -> type[DestinationForm]:
    return destination_form(kind, [(each.id, each.name) for each in _connections(project)])


def _connections(project: Project) -> Sequence[Connection]:
    mine = select(Connection).where(Connection.project_id == project.id).order_by(Connection.name)
    return db.session.scalars(mine).all()


def _changed_form(project: Project, destination: Destination, *, bound: bool) -> DestinationForm:
    """The form of what is there, filled in by it or `bound` to what was sent."""
    kind = KINDS[destination.kind]
    settings = kind.filled(destination.settings)
    stored: dict[str, Any] = {"name": destination.name, "allows_private": destination.allows_private}
    stored |= by_field(settings)
    stored |= {"connection": destination.connection_id} if kind.by_connection else {}
    form = _form(project, kind)() if bound else _form(project, kind)(formdata=None, data=stored)
    form.has_credential, form.before = destination.credential is not None, settings
    return form


def _name_is_free(project: Project, destination: Destination, form: DestinationForm) -> bool:
    taken = {each.name for each in destinations_of(db.session(), project.id) if each.id != destination.id}
    if form.name.data in taken:
        form.name.errors = [_TAKEN.format(form.name.data)]
    return form.name.data not in taken


def _take_over(project: Project, destination: Destination, form: DestinationForm) -> dict[str, str]:
    """Write what was filled in; what differs from before, for the audit log."""
    private = allowed_private(form.allows_private, destination.allows_private, moved=form.leads_elsewhere)
    values = {"name": form.name.data, "settings": form.settings, "allows_private": private}
    if form.kind.by_connection:
        values["connection_id"] = form["connection"].data
    told = changes(destination, values)
    if "settings" in told:
        told["settings"] = form.kind.place(form.settings)
    credential = form["credential"].data if "credential" in form else ""
    if credential or (form.has_credential and form.leads_elsewhere):
        destination.set_credential(project.sealing_key(keyring()), credential or "")
        told["credential"] = "changed" if credential else "forgotten"
    return told


def _place(destination: Destination) -> tuple[str, str | None]:
    """Where its names stand, as far as its address doesn't say so."""
    return KINDS[destination.kind].place_of(destination.settings), destination.connection_id


def _send(destination: Destination) -> None:
    for copy in copies_to(db.session(), destination.id):
        courier().copy(copy.id, copy.tries)


def _new_page(project: Project, form: DestinationForm) -> str:
    return render_template("copies/new.html", project=project, form=form, private=False)


def _page(project: Project, destination: Destination, form: DestinationForm, problem: str = "") -> str:
    values = _values(project, destination)
    return render_template("copies/destination.html", form=form, password_problem=problem, **values)


def _values(project: Project, destination: Destination) -> dict[str, Any]:
    kind = KINDS[destination.kind]
    check = destination.check or {}
    return {
        "project": project,
        "destination": destination,
        "kind": kind,
        "here": page_of(project, destination.id),
        "copies": [show_copy(each, now()) for each in copies_to(db.session(), destination.id)],
        "remedy": REMEDIES[Why(check["why"])] if check.get("why") else None,
        "private": destination.allows_private,
    }


def _delete_dialog(project: Project, destination: Destination, status: int = 200) -> ResponseReturnValue:
    copies = copies_to(db.session(), destination.id)
    back = page_of(project, destination.id)
    return dialog("copies/_delete.html", status, project=project, destination=destination, copies=copies, back=back)
