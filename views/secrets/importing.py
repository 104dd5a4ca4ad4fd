"""Adding several secrets from pasted `.env` text: all or none."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from htmx_flask import make_response

from database import db
from forms.env_text import LIMIT, Line, new_secrets, read_env_text, refuse_names
from forms.secrets import EnvText
from models.vault.adding import NameTakenError, refuse_taken
from views.frame.times import plural
from views.htmx import done, wants_partial
from views.secrets.adding import add
from views.secrets.blueprint import bp
from views.secrets.place import Place, get_place, place_dialog


@bp.get("/import-secrets")
def paste_secrets(project_name: str) -> ResponseReturnValue:
    """Ask for the text."""
    return place_dialog("secrets/_import.html", get_place(project_name), lines=[], problem="", is_preview=False)


@bp.post("/import-secrets/preview")
def preview_secrets(project_name: str) -> ResponseReturnValue:
    """Say what the text would add, without adding it."""
    place = get_place(project_name)
    lines = _read(place)
    problem = _problem(lines) if lines else ""
    if not wants_partial():
        return place_dialog("secrets/_import.html", place, lines=lines, problem=problem, is_preview=False)
    return render_template("secrets/_import_preview.html", lines=lines, problem=problem, is_preview=True)


@bp.post("/import-secrets")
def import_secrets(project_name: str) -> ResponseReturnValue:
    """Add all secrets of the text, or say line by line why not, and add none."""
    place = get_place(project_name)
    lines = _read(place)
    if _problem(lines):
        return _refuse(place, lines)
    try:
        made = add(place, new_secrets(lines))
    except NameTakenError as taken:
        return _refuse(place, refuse_names(lines, taken.names, taken.place))
    db.session.commit()
    return done(place.url, toast=f"Added {plural(len(made), 'secret')}")


def _read(place: Place) -> list[Line]:
    lines = read_env_text(EnvText().text.data or "")
    try:
        refuse_taken(db.session(), place.environment, place.path, [line.name for line in lines if line.name])
    except NameTakenError as taken:
        return refuse_names(lines, taken.names, taken.place)
    return lines


def _problem(lines: list[Line]) -> str:
    """Why nothing is added, in a sentence; empty when all lines are right."""
    wrong = sum(bool(line.problem) for line in lines)
    if wrong:
        return f"{plural(wrong, 'line')} can't be added, so none is."
    if not lines:
        return "There is no NAME=value line in this text."
    if len(lines) > LIMIT:
        return f"These are {len(lines):,} secrets. Add at most {LIMIT:,} at once."
    return ""


def _refuse(place: Place, lines: list[Line]) -> Response:
    """With htmx the text stays in its field; a page has it no more, for it holds values."""
    problem = _problem(lines)
    if not wants_partial():
        return place_dialog("secrets/_import.html", place, 422, lines=lines, problem=problem, is_preview=False)
    html = render_template("secrets/_import_preview.html", lines=lines, problem=problem, is_preview=True)
    response: Response = make_response(html, 422, retarget="#import-preview", reswap="outerHTML")
    return response
