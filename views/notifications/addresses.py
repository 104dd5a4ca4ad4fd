"""An address of people: made, changed. It is never shown again, for it holds a password."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from database import db
from forms.telling.receivers import AddressForm
from models import NoticeAddress
from models.audit import Action
from models.base import add_unless_there, new_id
from views.fetch import get_project
from views.frame.identity import audit, changes, me
from views.frame.private import allowed_private
from views.frame.services import keyring, now
from views.htmx import done
from views.notifications.blueprint import bp, get_address, page_of
from views.notifications.receivers import name_is_free, page


@bp.get("/addresses/new")
def show_new_address(project_name: str) -> ResponseReturnValue:
    """Show the form of a new address."""
    return render_template("notifications/new_address.html", project=get_project(project_name), form=AddressForm())


@bp.post("/addresses/new")
def make_address(project_name: str) -> ResponseReturnValue:
    """Make an address."""
    project, form = get_project(project_name), AddressForm()
    if not form.validate():
        return render_template("notifications/new_address.html", project=project, form=form), 422
    address = NoticeAddress(
        id=new_id(), project_id=project.id, created_at=now(), created_by=me().name,
        allows_private=allowed_private(form.allows_private, before=False, moved=True),
        **form.data_of("name", "kinds", "enabled"),
    )  # fmt: skip
    address.set_url(project.sealing_key(keyring()), form.url.data)
    if not add_unless_there(db.session(), address):
        form.name.errors = [f"There is an address {form.name.data} in this project. Choose another name."]
        return render_template("notifications/new_address.html", project=project, form=form), 422
    audit(Action.ADDRESS_CREATE, address.name, project_id=project.id, service=address.service)
    db.session.commit()
    return done(page_of(project, address), toast=f"Address {address.name} added")


@bp.get("/addresses/<receiver_id>")
def show_addresses(project_name: str, receiver_id: str) -> ResponseReturnValue:
    """Show an address, masked, its form and its log."""
    project = get_project(project_name)
    address = get_address(project, receiver_id)
    chosen = {"name": address.name, "kinds": address.kinds, "enabled": address.enabled}
    return page(project, address, AddressForm(formdata=None, **chosen, allows_private=address.allows_private))


@bp.post("/addresses/<receiver_id>")
def change_address(project_name: str, receiver_id: str) -> ResponseReturnValue:
    """Change what it is told, or where it leads."""
    project = get_project(project_name)
    address, form = get_address(project, receiver_id), AddressForm()
    form.has_one = True
    if not form.validate() or not name_is_free(project, address, form):
        return page(project, address, form), 422
    moved = bool(form.url.data)
    values = form.data_of("name", "kinds", "enabled")
    values["allows_private"] = allowed_private(form.allows_private, address.allows_private, moved=moved)
    told = changes(address, values)
    if moved:
        address.set_url(project.sealing_key(keyring()), form.url.data)
        told["service"] = address.service
    if told:
        audit(Action.ADDRESS_CHANGE, address.name, project_id=project.id, **told)
        db.session.commit()
    return done(page_of(project, address), toast="Saved")
