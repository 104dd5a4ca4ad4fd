"""The replaced key that AWS still takes: who uses it, and how long it lives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from database import db
from forms.old_keys import KeepLonger
from models import AccessKey, KeyState, Project, RotationStrategy
from rotation.ending import wishes
from views.fetch import get_project
from views.fetch_rotation import find_strategy, get_old_key, get_strategy
from views.frame.identity import me
from views.frame.services import now, services
from views.frame.times import reader_zone
from views.gone import gone
from views.htmx import dialog, done, live, out_of_band, wants_partial
from views.reauth import ask_password
from views.shown.handover.readers import holders
from views.shown.values import finished, page_values

bp = Blueprint("old_keys", __name__, url_prefix="/projects/<project_name>/strategies/<int:strategy_id>/old-key")

_ASKING_AT_MOST_MS = 60_000
_NOW = {
    KeyState.RETIRING.value: "The old key is active again.",
    KeyState.DEACTIVATED.value: "The old key is inactive at AWS.",
}
_LONGER = timedelta(days=1)


@bp.get("")
def show(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Show the old key, asked for again and again while AWS is asked or deletes it."""
    project = get_project(project_name)
    strategy = find_strategy(project, strategy_id)
    if strategy is None:
        return gone(project, strategy_id)
    if not wants_partial():
        return redirect(_page_url(project, strategy))
    values = page_values(project, strategy)
    old = values["page"].facts.old
    is_gone = old is None or old.id != request.args.get("key")
    if is_gone or old.state != request.args.get("state", old.state):
        card = render_template("old_keys/_old_key.html", **values)
        told = "The old key is deleted at AWS." if is_gone else _NOW[old.state]
        return "".join([card, *_around(values), finished(project, strategy), live(told)])
    since = request.args.get("since", type=int)
    changing = (old.ended_by or old.returned_by) and not old.error_code
    waiting = changing if since is None else not _answered(old, since)
    return ("", 204) if waiting else render_template("old_keys/_old_key.html", **values)


@bp.post("/check")
def check(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Have AWS asked now, by a worker, whether the key is still used; what is due then happens at once."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key, asked = get_old_key(strategy), now()
    wishes.ask_now(db.session(), key, asked)
    db.session.commit()
    services().courier.key(key.id, key.looks)
    if not wants_partial():
        return redirect(_page_url(project, strategy), 303)
    values = page_values(project, strategy, asking=_milliseconds(asked))
    return render_template("old_keys/_old_key.html", **values)


@bp.post("/back")
def bring_back(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Bring the inactive key back at once, as an old key in its grace again."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key = _key_of_form(strategy)
    if not wishes.bring_back(db.session(), key, me().name, now()):
        abort(404)
    db.session.commit()
    services().courier.key(key.id, key.looks)
    if not wants_partial():
        return redirect(_page_url(project, strategy), 303)
    return render_template("old_keys/_old_key.html", **page_values(project, strategy))


@bp.get("/keep")
def choose_keep(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Ask until when the key is to be kept."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key = get_old_key(strategy)
    until = max(key.retire_at or now(), now()) + _LONGER
    form = KeepLonger(formdata=None, until=until.astimezone(reader_zone()).replace(second=0, microsecond=0))
    return _keep_dialog(project, strategy, key, form)


@bp.post("/keep")
def keep(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Keep the key longer."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key, form = _key_of_form(strategy), KeepLonger()
    form.zone, form.now = reader_zone(), now()
    if not form.validate():
        return _keep_dialog(project, strategy, key, form, 422)
    if not wishes.keep_longer(db.session(), key, form.moment, me().name, now()):
        abort(404)
    db.session.commit()
    services().courier.key(key.id, key.looks)
    return _changed(project, strategy)


@bp.get("/end")
def confirm_end(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Ask once more before the key is deleted."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    return _end_dialog(project, strategy, get_old_key(strategy))


@bp.post("/end")
def end(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Have the key end now, used or not: inactive where that is permitted, deleted where it is inactive already."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key = _key_of_form(strategy)
    if request.form.get("sure") != "yes":
        return _end_dialog(project, strategy, key, 422, problem="Tick this first.")
    if holders(db.session(), strategy, key, now()) and request.form.get("readers") != "yes":
        return _end_dialog(project, strategy, key, 422, readers_problem="Tick this too.")
    if (question := ask_password()) is not None:
        return question
    wishes.end_now(db.session(), key, me().name, now())
    db.session.commit()
    services().courier.key(key.id, key.looks)
    return _changed(project, strategy)


def _key_of_form(strategy: RotationStrategy) -> AccessKey:
    """The old key, if it is still the one that the dialog was about; else 404."""
    key = get_old_key(strategy)
    return key if key.id == request.form.get("key") else abort(404)


def _answered(key: AccessKey, since_ms: int) -> bool:
    """Whether AWS was asked since then, an error met, or so much time passed that waiting is no use."""
    asked = key.asked_at is not None and _milliseconds(key.asked_at) >= since_ms
    return asked or bool(key.error_code) or _milliseconds(now()) - since_ms > _ASKING_AT_MOST_MS


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _around(values: dict[str, Any]) -> list[Markup]:
    """What else on the strategy's page tells of the old key, out of band."""
    parts = ("strategies/page/_head.html", "strategies/page/_trouble.html", "strategies/page/_timeline.html")
    return [out_of_band(render_template(part, **values)) for part in parts]


def _changed(project: Project, strategy: RotationStrategy) -> ResponseReturnValue:
    """Back to the old key, from a dialog."""
    values = page_values(project, strategy)
    card = out_of_band(render_template("old_keys/_old_key.html", **values))
    return done(_page_url(project, strategy), "".join([card, *_around(values), finished(project, strategy)]))


def _keep_dialog(
    project: Project, strategy: RotationStrategy, key: AccessKey, form: KeepLonger, status: int = 200
) -> ResponseReturnValue:
    back = _page_url(project, strategy)
    return dialog("old_keys/_keep.html", status, project=project, strategy=strategy, old=key, form=form, back=back)


def _end_dialog(
    project: Project,
    strategy: RotationStrategy,
    key: AccessKey,
    status: int = 200,
    problem: str = "",
    readers_problem: str = "",
) -> ResponseReturnValue:
    values = {"project": project, "strategy": strategy, "old": key, "back": _page_url(project, strategy)}
    held_by = holders(db.session(), strategy, key, now())
    return dialog(
        "old_keys/_end.html", status, problem=problem, holders=held_by, readers_problem=readers_problem, **values
    )


def _page_url(project: Project, strategy: RotationStrategy) -> str:
    return url_for("strategies.show", project_name=project.name, strategy_id=strategy.id, _anchor="old-key")
