"""Moving one secret or several to another environment or path."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from database import db
from forms.secrets import MoveSecrets
from models import Action, Environment
from models.reading.places import Row, secrets_at
from models.vault.adding import NameTakenError
from models.vault.moving import move_secrets, with_partners
from models.vault.writers import writers
from views.fetch import get_environment, get_project
from views.frame.identity import audit
from views.frame.services import now
from views.frame.times import plural
from views.htmx import done
from views.secrets.blueprint import bp
from views.secrets.place import Place, get_place, get_secret, place_dialog, place_of


@bp.get("/move-secrets")
def ask_to_move(project_name: str) -> ResponseReturnValue:
    """Ask which secrets of a place move, and where to."""
    return _ask(get_place(project_name), [])


@bp.get("/secret/<int:secret_id>/move")
def ask_to_move_one(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Ask where this secret moves, and whether others of its place go along."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    return _ask(place_of(project, secret), [secret.id])


@bp.post("/move-secrets")
def move(project_name: str) -> ResponseReturnValue:
    """Move them, all or none."""
    place = get_place(project_name)
    form, rows = _form(place)
    if not form.validate():
        return _dialog(place, form, rows, 422)
    environment = get_environment(place.project, form.to_environment.data)
    if (environment.id, form.to_path.data) == (place.environment.id, place.path):
        form.to_path.errors = ["They are there already. Choose another environment or path."]
        return _dialog(place, form, rows, 422)
    try:
        count = _move(form.secret.data, environment, form.to_path.data)
    except NameTakenError as taken:
        form.to_path.errors = [f"{taken.place} has a {' and a '.join(taken.names)} already. Nothing was moved."]
        return _dialog(place, form, rows, 422)
    db.session.commit()
    to = Place(place.project, environment, form.to_path.data)
    return done(to.url, toast=f"Moved {plural(count, 'secret')} to {to.name}")


def _move(secret_ids: list[int], environment: Environment, path: str) -> int:
    moved = move_secrets(db.session(), secret_ids, environment, path, now())
    for secret, old in moved:
        thing = f"{old} {secret.name}"
        audit(Action.SECRET_MOVE, thing, project_id=secret.project_id, secret_id=secret.id, to=secret.place)
    return len(moved)


def _ask(place: Place, secret_ids: list[int]) -> ResponseReturnValue:
    form, rows = _form(place, formdata=None)
    form.secret.data = secret_ids
    form.to_environment.data, form.to_path.data = place.environment.name, place.path
    return _dialog(place, form, rows)


def _form(place: Place, **options: None) -> tuple[MoveSecrets, list[Row]]:
    rows = secrets_at(db.session(), place.environment, place.path)
    form = MoveSecrets(**options)
    form.offer(rows, place.project.environments)
    return form, rows


def _dialog(place: Place, form: MoveSecrets, rows: list[Row], status: int = 200) -> ResponseReturnValue:
    chosen = set(form.secret.data or [])
    written = writers(db.session(), place.project.id)
    names = {row.id: row.name for row in rows}
    followers = sorted(names[each] for each in with_partners(written, chosen) - chosen if each in names)
    return place_dialog("secrets/_move.html", place, status, form=form, rows=rows, chosen=chosen, followers=followers)
