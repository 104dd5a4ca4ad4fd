"""Back to the key before the last rotation."""

from __future__ import annotations

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from database import db
from models import AccessKey, Project, RotationStrategy
from rotation.ending.undoing import key_before, request_undo
from rotation.errors import RotationError
from rotation.requests import BeingDeletedError
from views.ending.blueprint import bp
from views.fetch import get_project
from views.fetch_rotation import get_strategy
from views.frame.identity import me
from views.frame.services import now, services
from views.htmx import dialog, done
from views.reauth import ask_password


@bp.get("/undo")
def confirm_undo(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Ask once more, and say what happens."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key = key_before(db.session(), strategy.id) or abort(404)
    return _dialog(project, strategy, key)


@bp.post("/undo")
def undo(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Queue the way back, or show the rotation that runs."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key = key_before(db.session(), strategy.id)
    if key is None or key.id != request.form.get("key"):
        abort(404)
    if (question := ask_password()) is not None:
        return question
    try:
        rotation, _ = request_undo(
            db.session(), strategy, key.id, by=me().name, now=now(), actor_id=me().id,
            address=request.remote_addr or "",
        )  # fmt: skip
    except (BeingDeletedError, RotationError):
        abort(400, "The key before is being ended, so there is no way back to it. Nothing was changed.")
    db.session.commit()
    services().courier.rotation(rotation.id, rotation.claims)
    return done(_page_url(project, strategy))


def _dialog(project: Project, strategy: RotationStrategy, key: AccessKey) -> ResponseReturnValue:
    return dialog(
        "ending/_undo.html", project=project, strategy=strategy, key=key, back=_page_url(project, strategy)
    )  # fmt: skip


def _page_url(project: Project, strategy: RotationStrategy) -> str:
    return url_for("strategies.show", project_name=project.name, strategy_id=strategy.id)
