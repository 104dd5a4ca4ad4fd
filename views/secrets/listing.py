"""Looking at what is there: environments, paths, secrets, and search."""

from __future__ import annotations

from flask import redirect, request
from flask.typing import ResponseReturnValue

from database import db
from models.project import normal_path
from models.reading.places import open_first
from views.fetch import get_environment, get_project
from views.htmx import done, page_or_partial
from views.secrets.blueprint import bp
from views.secrets.place import Place, get_place, get_secret, list_values, place_dialog, place_of, sane_path


@bp.get("/secrets")
def open_secrets(project_name: str) -> ResponseReturnValue:
    """Go to where something was added last."""
    project = get_project(project_name)
    return redirect(Place(project, *open_first(db.session(), project)).url)


@bp.get("/secrets/<environment_name>", strict_slashes=False)
@bp.get("/secrets/<environment_name>/<path:path>")
def list_secrets(project_name: str, environment_name: str, path: str = "/") -> ResponseReturnValue:
    """List the secrets of a path, or those of the environment whose name contains `q`."""
    project = get_project(project_name)
    place = Place(project, get_environment(project, environment_name), sane_path(path, 404))
    values = list_values(place, request.args.get("q", ""))
    return page_or_partial("secrets/list.html", "secrets/_table.html", **values)


@bp.get("/secret/<int:secret_id>")
def show_secret(project_name: str, secret_id: int) -> ResponseReturnValue:
    """Go to where the secret is now."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    return redirect(f"{place_of(project, secret).url}#secret-{secret.id}")


@bp.get("/new-path")
def new_path(project_name: str) -> ResponseReturnValue:
    """Ask for a path below this one. It begins to exist with its first secret."""
    return _path_dialog(get_place(project_name), "", "")


@bp.get("/open-path")
def open_path(project_name: str) -> ResponseReturnValue:
    """Go to the path that was typed."""
    place, typed = get_place(project_name), request.args.get("to", "").strip()
    try:
        path = normal_path(typed if typed.startswith("/") else f"{place.path}/{typed}")
    except ValueError as error:
        return _path_dialog(place, typed, str(error), 422)
    return done(place.url_of(place.environment, path))


def _path_dialog(place: Place, typed: str, problem: str, status: int = 200) -> ResponseReturnValue:
    return place_dialog("secrets/_new_path.html", place, status, typed=typed, problem=problem)
