"""Adding secrets: one in the table, or the two placeholders of a rotation."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from database import db
from forms.secrets import AddSecret
from models import Action, Secret
from models.vault.adding import NameTakenError, NewSecret, add_secrets
from views.frame.identity import audit, me
from views.frame.services import keyring, now
from views.htmx import done, page_or_partial, wants_partial
from views.secrets.blueprint import bp
from views.secrets.place import Place, get_place, list_values

PLACEHOLDERS = ("AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")


@bp.get("/new-secret")
def new_secret(project_name: str) -> ResponseReturnValue:
    """Show the form, as the table's first row."""
    return _form(get_place(project_name), AddSecret("new", formdata=None))


@bp.post("/new-secret")
def add_secret(project_name: str) -> ResponseReturnValue:
    """Add a secret."""
    place, form = get_place(project_name), AddSecret("new")
    if not form.validate():
        return _form(place, form, 422)
    try:
        (made,) = add(place, [form.secret])
    except NameTakenError:
        form.name.errors = [f"There is a {form.name.data} here already. Edit it, or choose another name."]
        return _form(place, form, 422)
    db.session.commit()
    return _added(place, made)


@bp.post("/placeholders")
def add_placeholders(project_name: str) -> ResponseReturnValue:
    """Add the two empty secrets that a rotation fills; those that are there stay as they are."""
    place = get_place(project_name)
    try:
        made = add(place, [NewSecret(name, b"") for name in PLACEHOLDERS])
    except NameTakenError:
        return done(place.url)
    db.session.commit()
    return _added(place, made[0])


def add(place: Place, new: Sequence[NewSecret]) -> list[Secret]:
    """Add secrets to the place, with an entry for each in the audit log. Raises NameTakenError."""
    key = place.project.sealing_key(keyring())
    made = add_secrets(
        db.session(), key, new, environment=place.environment, path=place.path, now=now(), author=me().name
    )
    for secret in made:
        audit(Action.SECRET_CREATE, f"{place.name} {secret.name}", project_id=place.project.id, secret_id=secret.id)
    return made


def _form(place: Place, form: AddSecret, status: int = 200) -> ResponseReturnValue:
    values = list_values(place) | {"form": form, "adding": True}
    # An empty place has no table yet in which the row could stand.
    whole = request.headers.get("HX-Target") == "secrets"
    return page_or_partial(
        "secrets/list.html", "secrets/_table.html" if whole else "secrets/_new_secret.html", status, **values
    )


def _added(place: Place, secret: Secret) -> Response:
    if not wants_partial():
        return done(f"{place.url}#secret-{secret.id}", toast=f"Added {secret.name}")
    table = render_template("secrets/_table.html", **list_values(place), focus=secret.id)
    response: Response = make_response(table, retarget="#secrets", reswap="outerHTML")
    return response
