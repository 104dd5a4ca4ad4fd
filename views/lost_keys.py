"""Keys that Keyturn can't end by itself: a person who has looked at AWS says that they are cleared up."""

from __future__ import annotations

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from database import db
from models import AccessKey, KeyState, Project, RotationStrategy
from rotation.ending import lost
from rotation.requests import open_rotation
from rotation.setup.deletion import finish_deletion
from views.fetch import get_project
from views.fetch_rotation import get_strategy
from views.frame.identity import me
from views.frame.services import now, services
from views.htmx import dialog, done
from views.reauth import ask_password
from views.shown.values import page_values

bp = Blueprint("lost_keys", __name__, url_prefix="/projects/<project_name>/strategies/<int:strategy_id>/keys/<key_id>")


@bp.get("/clear-up")
def confirm_clear_up(project_name: str, strategy_id: int, key_id: str) -> ResponseReturnValue:
    """Show how to look at AWS, and ask what was seen there."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    return _dialog(project, strategy, _get_key(strategy, key_id))


@bp.post("/clear-up")
def clear_up(project_name: str, strategy_id: int, key_id: str) -> ResponseReturnValue:
    """Take the person's word that AWS hasn't the key any more; what waited for that goes on."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key, name = _get_key(strategy, key_id), strategy.user_name
    if request.form.get("sure") != "yes":
        return _dialog(project, strategy, key, 422, problem="Tick this once you have looked.")
    if (question := ask_password()) is not None:
        return question
    address = request.remote_addr or ""
    if not lost.clear_up(
        db.session(), key, strategy, by=me().name, now=now(), actor_id=me().id, address=address
    ):  # fmt: skip
        return _dialog(project, strategy, key, 422)
    gone = finish_deletion(db.session(), strategy_id)
    db.session.commit()
    if gone:
        to = url_for("strategies.list_strategies", project_name=project.name)
        return done(to, toast=f"The strategy of {name} is deleted")
    waiting = open_rotation(db.session(), strategy_id)
    if waiting is not None:
        services().courier.rotation(waiting.id, waiting.claims)
    return done(_page_url(project, strategy))


def _get_key(strategy: RotationStrategy, key_id: str) -> AccessKey:
    """The strategy's key that a person may clear up; else 404. `strategy` comes from `get_strategy`."""
    mine = select(AccessKey).where(AccessKey.strategy_id == strategy.id, AccessKey.id == key_id)
    key = db.session.scalar(mine)
    return key if key is not None and lost.needs_a_person(key, strategy) else abort(404)


def _dialog(
    project: Project, strategy: RotationStrategy, key: AccessKey, status: int = 200, problem: str = ""
) -> ResponseReturnValue:
    is_lost = key.state == KeyState.LOST.value
    settled_at = lost.settled_at(key) if is_lost else now()
    return dialog(
        "lost_keys/_clear_up.html", status, key=key, is_lost=is_lost, settled_at=settled_at, problem=problem,
        back=_page_url(project, strategy), **page_values(project, strategy),
    )  # fmt: skip


def _page_url(project: Project, strategy: RotationStrategy) -> str:
    return url_for("strategies.show", project_name=project.name, strategy_id=strategy.id)
