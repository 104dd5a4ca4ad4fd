"""Where secrets are: getters that check the right to what they get, and the addresses of places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Response, abort, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from database import db
from models import Environment, Project, Secret
from models.project import normal_path
from models.reading.places import folders, one_secret, search, secrets_at
from views.fetch import get_environment, get_project
from views.frame.identity import page_path
from views.htmx import dialog

_LARGEST_ID = 2**31 - 1
_LONGEST_SEARCH = 128


@dataclass(frozen=True)
class Place:
    """An environment of a project, and a path in it."""

    project: Project
    environment: Environment
    path: str

    @property
    def name(self) -> str:
        """`production:/billing/api`."""
        return f"{self.environment.name}:{self.path}"

    @property
    def url(self) -> str:
        """The address of its list."""
        return self.url_of(self.environment, self.path)

    def url_of(self, environment: Environment, path: str) -> str:
        """The address of another list of the project."""
        where: dict[str, Any] = {"project_name": self.project.name, "environment_name": environment.name}
        if path.strip("/"):
            where["path"] = path.strip("/")
        return url_for("secrets.list_secrets", **where)

    def url_for(self, endpoint: str, **values: Any) -> str:
        """The address of something that is done at this place."""
        return url_for(
            endpoint, project_name=self.project.name, environment=self.environment.name, path=self.path, **values
        )


def get_place(project_name: str) -> Place:
    """The place that the request's fields `environment` and `path` name; 404, or 400 for what can't be a path."""
    project = get_project(project_name)
    environment = get_environment(project, request.values.get("environment", ""))
    return Place(project, environment, sane_path(request.values.get("path", "/"), 400))


def place_of(project: Project, secret: Secret) -> Place:
    """Where the secret is."""
    return Place(project, secret.environment, secret.path)


def get_secret(project: Project, secret_id: int) -> Secret:
    """The project's secret of this id; else 404. `project` comes from `get_project`.

    A request that changes something holds its row until the commit.
    """
    if secret_id > _LARGEST_ID:
        abort(404)
    query = select(Secret).where(Secret.id == secret_id, Secret.project_id == project.id)
    query = query.options(joinedload(Secret.environment))
    if request.method == "POST":
        query = query.with_for_update(of=Secret)
    return db.session.scalar(query) or abort(404)


def sane_path(text: str, otherwise: int) -> str:
    """The path that the text means; the HTTP error `otherwise` for one that can't be."""
    try:
        return normal_path(text)
    except ValueError:
        abort(otherwise)


def place_dialog(partial: str, place: Place, status: int = 200, **values: Any) -> Response:
    """A dialog about something at this place, on its project's page."""
    return dialog(partial, status, project=place.project, place=place, tab="secrets", **values)


def list_values(place: Place, query: str = "") -> dict[str, Any]:
    """What the page of a place shows, and its table alone: its secrets, or all whose name contains `query`."""
    query = "".join(char for char in query.strip() if char.isprintable())[:_LONGEST_SEARCH]
    session = db.session()
    return {
        "project": place.project,
        "place": place,
        "query": query,
        "rows": search(session, place.environment, query)
        if query
        else secrets_at(session, place.environment, place.path),
        "folders": [] if query else folders(session, place.environment, place.path),
        "form": None,
        "editing": None,
        "adding": False,
    }


def row_values(place: Place, secret: Secret) -> dict[str, Any]:
    """What one row shows, in the list that the person looks at."""
    return {
        "project": place.project,
        "place": place,
        "row": one_secret(db.session(), secret),
        "query": parse_qs(urlsplit(page_path()).query).get("q", [""])[0],
        "form": None,
        "editing": None,
    }
