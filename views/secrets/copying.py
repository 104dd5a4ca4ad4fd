"""Copying a value without showing it: app.js asks for it and hands it to the clipboard."""

from __future__ import annotations

from flask import make_response, request
from flask.typing import ResponseReturnValue

from models import Action
from views.fetch import get_project
from views.reauth import ask_password
from views.secrets.blueprint import bp
from views.secrets.place import get_secret, place_dialog, place_of
from views.secrets.revealing import get_version, take


@bp.post("/secret/<int:secret_id>/copy")
def copy_secret(project_name: str, secret_id: int) -> ResponseReturnValue:
    """The value as plain text, for app.js alone. A page that only wanted to copy never gets to show the value."""
    project = get_project(project_name)
    secret = get_secret(project, secret_id)
    was_asked = "confirm_password" in request.form
    question = ask_password()
    if question is not None:
        return question
    if request.accept_mimetypes.best != "text/plain":
        place = place_of(project, secret)
        return place_dialog("secrets/_copy.html", place, secret=secret, is_ready=was_asked)
    value = take(Action.SECRET_COPY, project, secret, get_version(secret, ""))
    return make_response(value, {"Content-Type": "text/plain; charset=utf-8"})
