"""A compromised key: a new one first, then its end at once; or, knowingly, its end before there is a new one."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from database import db
from models import AccessKey, KeyState, Project, RotationStrategy, Trigger
from models.access_key import is_current
from rotation.ending import leaks
from rotation.requests import OldKey, old_key_of, request_rotation
from rotation.setup.policy import deny_older_sessions
from views.ending.blueprint import bp
from views.fetch import get_project
from views.fetch_rotation import get_strategy
from views.frame.identity import me
from views.frame.services import now, services
from views.htmx import dialog, done
from views.reauth import ask_password

_FELT_AFTER = timedelta(minutes=1)
"""Services take a deactivated key for some seconds more."""


@bp.app_template_filter("deny_sessions_of")
def deny_sessions_of(key: AccessKey) -> str:
    """The policy that ends the sessions which the key has made so far, or could make until it was inactive."""
    return deny_older_sessions(key.deactivated_at + _FELT_AFTER if key.deactivated_at else now())


@bp.get("/compromised")
def confirm_compromised(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Ask once more, and say what happens and what it doesn't stop."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    return _dialog("ending/_compromised.html", project, strategy, _current(strategy))


@bp.post("/compromised")
def say_compromised(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Have a new key published, and the compromised one deactivated at once then."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key, choice = _key_of_form(strategy), request.form.get("old_key", OldKey.WAIT.value)
    if choice not in {OldKey.WAIT.value, OldKey.END.value}:
        abort(400)
    if (question := ask_password()) is not None:
        return question
    leaks.mark(db.session(), key, me().name, now(), actor_id=me().id, address=request.remote_addr or "")
    rotation, _ = request_rotation(
        db.session(), strategy, by=me().name, trigger=Trigger.BUTTON, now=now(), old_key=OldKey(choice),
        actor_id=me().id, address=request.remote_addr or "",
    )  # fmt: skip
    db.session.commit()
    services().courier.rotation(rotation.id, rotation.claims)
    return done(_page_url(project, strategy))


@bp.get("/cut-off")
def confirm_cut_off(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Ask once more before programs lose their key."""
    project = get_project(project_name)
    strategy = _with_programs(project, strategy_id)
    return _dialog("ending/_cut_off.html", project, strategy, _current(strategy))


@bp.post("/cut-off")
def cut_off(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Have the current key deactivated now, although programs read it."""
    project = get_project(project_name)
    strategy = _with_programs(project, strategy_id)
    key = _key_of_form(strategy)
    if request.form.get("sure") != "yes":
        return _dialog("ending/_cut_off.html", project, strategy, key, 422, problem="Tick this first.")
    if (question := ask_password()) is not None:
        return question
    leaks.cut_off(db.session(), key, me().name, now(), actor_id=me().id, address=request.remote_addr or "")
    db.session.commit()
    services().courier.key(key.id, key.looks)
    return done(_page_url(project, strategy))


def _with_programs(project: Project, strategy_id: int) -> RotationStrategy:
    """The strategy; 404 when its key is a connection's: without that no other could be made, so it isn't ended."""
    strategy = get_strategy(project, strategy_id)
    return abort(404) if strategy.turns_manager else strategy


def _current(strategy: RotationStrategy) -> AccessKey:
    """The key that programs read; 404 when there is none. `strategy` comes from `get_strategy`."""
    return db.session.scalar(select(AccessKey).where(is_current(strategy.id))) or abort(404)


def _key_of_form(strategy: RotationStrategy) -> AccessKey:
    """The key that the dialog was about, if the strategy has it still, be it replaced meanwhile; else 404."""
    mine = AccessKey.strategy_id == strategy.id, AccessKey.id == request.form.get("key", "")
    key = db.session.scalar(select(AccessKey).where(*mine))
    lives = {KeyState.ACTIVE.value, KeyState.RETIRING.value, KeyState.DEACTIVATED.value}
    return key if key is not None and key.state in lives else abort(404)


def _dialog(
    partial: str, project: Project, strategy: RotationStrategy, key: AccessKey, status: int = 200, problem: str = ""
) -> ResponseReturnValue:
    old = old_key_of(db.session(), strategy.id)
    return dialog(
        partial, status, project=project, strategy=strategy, key=key, old=old, problem=problem,
        back=_page_url(project, strategy),
    )  # fmt: skip


def _page_url(project: Project, strategy: RotationStrategy) -> str:
    return url_for("strategies.show", project_name=project.name, strategy_id=strategy.id)
