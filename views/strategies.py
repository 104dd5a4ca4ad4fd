"""Rotation strategies: the list, the page of one, and what can be done with it."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from database import db
from forms.strategy.pausing import Pause
from models import Action, Project, Rotation, RotationStrategy, Trigger
from models.many.progress import recent
from rotation.errors import RotationError
from rotation.requests import OldKey, old_key_of, request_rotation
from rotation.setup.deletion import RotationRunsError, delete_strategy
from rotation.when import planning
from views.fetch import get_project
from views.fetch_rotation import find_strategy, get_strategy
from views.frame.identity import audit, me
from views.frame.services import now, services
from views.frame.times import reader_zone
from views.gone import gone
from views.htmx import dialog, done, out_of_band, page_or_partial, wants_partial
from views.reauth import ask_password
from views.shown import filters, listing
from views.shown.handover.readers import holders
from views.shown.values import (
    PAGE_SIZE,
    PARTS_OF_STRATEGY,
    attention_count,
    finished,
    list_values,
    page_values,
    progress_values,
    render_row,
)

_PAUSE_OFFERED = timedelta(days=7)
_MOST = 1_000_000
"""So many strategies no list has."""

bp = Blueprint("strategies", __name__, url_prefix="/projects/<project_name>/strategies")
bp.add_app_template_global(attention_count)
filters.register(bp)


@bp.get("")
def list_strategies(project_name: str) -> ResponseReturnValue:
    """List the strategies."""
    project = get_project(project_name)
    asked = {name: request.args[name] for name in ("q", "environment", "state", "start") if request.args.get(name)}
    start = min(max(request.args.get("start", 0, type=int), 0), _MOST)
    values = list_values(project, listing.Search.of(request.args), start)
    if request.args.get("seen") == values["mark"]:
        return "", 204
    return page_or_partial(
        "strategies/list.html", "strategies/_rows.html", **values,
        next_url=_list_url(project, **asked | {"start": start + PAGE_SIZE}) if values["left"] else "",
        back_url=_list_url(project, **asked | {"start": max(start - PAGE_SIZE, 0)}) if start else "",
        poll_url=_list_url(project, **asked | {"seen": values["mark"]}),
        batches=recent(db.session(), project.id, now()),
    )  # fmt: skip


@bp.get("/<int:strategy_id>/row")
def row(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """One row of the list, asked for again and again while its rotation runs; nothing once the strategy is deleted."""
    project = get_project(project_name)
    strategy = find_strategy(project, strategy_id)
    if strategy is None:
        return "" if wants_partial() else abort(404)
    return render_row(project, strategy)


@bp.get("/<int:strategy_id>")
def show(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Show one strategy."""
    project = get_project(project_name)
    return render_template("strategies/detail.html", **_page(project, get_strategy(project, strategy_id)))


@bp.get("/<int:strategy_id>/timeline")
def show_timeline(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Show the picture of its keys over another range."""
    project = get_project(project_name)
    values = _page(project, get_strategy(project, strategy_id))
    return page_or_partial("strategies/detail.html", "strategies/page/_timeline.html", **values)


@bp.get("/<int:strategy_id>/news")
def show_news(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """What has changed on the strategy's page since `seen`, by whomever; 204 when nothing has."""
    project = get_project(project_name)
    strategy = find_strategy(project, strategy_id)
    if strategy is None:
        return gone(project, strategy_id)
    values = _page(project, strategy)
    if not wants_partial():
        return redirect(_back(strategy))
    if request.args.get("seen") == values["page"].mark:
        return "", 204
    parts = [*PARTS_OF_STRATEGY, *(["strategies/page/_watching.html"] if "shown" in values else [])]
    changed = [out_of_band(render_template(part, **values)) for part in parts]
    return "".join([render_template("strategies/page/_news.html", **values), *changed, finished(project, strategy)])


def _page(project: Project, strategy: RotationStrategy) -> dict[str, Any]:
    """The page's values, with those of the rotation that runs, if one does."""
    values = page_values(project, strategy, request.args.get("range", ""))
    newest = values["page"].facts.newest
    if newest is not None and newest.is_open:
        values |= progress_values(project, newest, on_strategy=True)
    return values


@bp.post("/<int:strategy_id>/rotate")
def rotate(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Rotate: queue one, or show the one that runs. While an old key is still valid, ask what is to become of it."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    choice = request.form.get("old_key", OldKey.ASK.value)
    if choice not in set(OldKey):
        abort(400)
    if choice == OldKey.END:
        old = old_key_of(db.session(), strategy.id)
        if holders(db.session(), strategy, old, now()) and request.form.get("readers") != "yes":
            return _rotate_choice(project, strategy, 422, problem="Tick this first.")
        if (question := ask_password()) is not None:
            return question
    try:
        rotation, _ = request_rotation(
            db.session(), strategy, by=me().name, trigger=Trigger.BUTTON, now=now(), old_key=OldKey(choice),
            actor_id=me().id, address=request.remote_addr or "",
        )  # fmt: skip
    except RotationError:
        return _rotate_choice(project, strategy)
    db.session.commit()
    services().courier.rotation(rotation.id, rotation.claims)
    return _watch(project, strategy, rotation)


def _rotate_choice(
    project: Project, strategy: RotationStrategy, status: int = 200, problem: str = ""
) -> ResponseReturnValue:
    """Ask what is to become of the old key. `problem`: it was chosen to end it, without knowing who fails by that."""
    old = old_key_of(db.session(), strategy.id)
    held_by = holders(db.session(), strategy, old, now())
    return dialog(
        "strategies/_rotate_choice.html", status, project=project, strategy=strategy, old=old, holders=held_by,
        problem=problem, back=_back(strategy),
    )  # fmt: skip


def _watch(project: Project, strategy: RotationStrategy, rotation: Rotation) -> ResponseReturnValue:
    """The rotation where the button was: in the row, on the strategy's page, or on its own."""
    to = url_for("rotations.show", project_name=project.name, rotation_id=rotation.id)
    origin = request.form.get("from")
    in_dialog = "old_key" in request.form
    if not wants_partial() or origin not in {"list", "detail"}:
        return done(to)
    if origin == "list":
        html = render_row(project, strategy)
        return done(to, out_of_band(html)) if in_dialog else html
    if in_dialog:
        return done(url_for(".show", project_name=project.name, strategy_id=strategy.id))
    values = page_values(project, strategy) | progress_values(project, rotation, on_strategy=True)
    parts = ("strategies/page/_head.html", "strategies/page/_trouble.html")
    changed = [out_of_band(render_template(part, **values)) for part in parts]
    return "".join([render_template("rotations/_progress.html", **values), *changed])


@bp.get("/<int:strategy_id>/pause")
def choose_pause(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Ask until when the schedule is to rest."""
    project = get_project(project_name)
    until = (now() + _PAUSE_OFFERED).astimezone(reader_zone()).replace(second=0, microsecond=0)
    return _pause_dialog(project, get_strategy(project, strategy_id), Pause(formdata=None, until=until))


@bp.post("/<int:strategy_id>/pause")
def pause(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Pause the schedule; the button still rotates. With a time, until then."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    form = Pause()
    form.zone, form.now = reader_zone(), now()
    until = None
    if "until" in request.form:
        if not form.validate():
            return _pause_dialog(project, strategy, form, 422)
        until = form.moment
    if strategy.paused_at is None or until != strategy.paused_until:
        planning.pause(db.session(), strategy, me().name, now(), until)
        facts = {"until": until.astimezone(UTC).isoformat(timespec="seconds")} if until else {}
        audit(Action.STRATEGY_PAUSE, strategy.user_name, project_id=project.id, strategy_id=strategy.id, **facts)
        db.session.commit()
    return _changed(project, strategy)


@bp.post("/<int:strategy_id>/resume")
def resume(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Resume the schedule; a time that has passed meanwhile is made up at once."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    if strategy.paused_at is not None:
        planning.resume(db.session(), strategy, now())
        audit(Action.STRATEGY_RESUME, strategy.user_name, project_id=project.id, strategy_id=strategy.id)
        db.session.commit()
    return _changed(project, strategy)


def _changed(project: Project, strategy: RotationStrategy) -> ResponseReturnValue:
    if request.form.get("from") != "list":
        return done(url_for(".show", project_name=project.name, strategy_id=strategy.id))
    row, in_dialog = render_row(project, strategy), "until" in request.form
    return done(_list_url(project), out_of_band(row) if in_dialog else row, close_dialog=in_dialog)


def _pause_dialog(project: Project, strategy: RotationStrategy, form: Pause, status: int = 200) -> ResponseReturnValue:
    origin = request.values.get("from", "detail")
    return dialog("strategies/_pause.html", status, project=project, strategy=strategy, form=form, origin=origin)


@bp.get("/<int:strategy_id>/delete")
def confirm_delete(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Ask what is to become of the keys."""
    project = get_project(project_name)
    return _delete_dialog(project, get_strategy(project, strategy_id))


@bp.post("/<int:strategy_id>/delete")
def delete(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Delete the strategy: its keys stay, or those that it made are deleted at AWS first."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    keys, name = request.form.get("keys", "keep"), strategy.user_name
    if keys not in {"keep", "delete"}:
        abort(400)
    if keys == "delete" and request.form.get("confirm", "").strip() != name:
        return _delete_dialog(project, strategy, 422, keys=keys, problem=f"Type {name} exactly.")
    if (question := ask_password()) is not None:
        return question
    try:
        doomed = delete_strategy(
            db.session(), strategy, delete_keys=keys == "delete", by=me().name, now=now(), actor_id=me().id,
            address=request.remote_addr or "",
        )  # fmt: skip
    except RotationRunsError:
        db.session.rollback()
        busy = "A worker turns this key at this moment. Delete the strategy when the rotation has ended."
        return _delete_dialog(project, get_strategy(project, strategy_id), 422, keys=keys, busy=busy)
    db.session.commit()
    for key_id in doomed:
        services().courier.key(key_id)
    waits = f"The strategy of {name} goes away once AWS has deleted its keys"
    return done(_list_url(project), toast=waits if doomed else f"The strategy of {name} is deleted")


def _delete_dialog(
    project: Project, strategy: RotationStrategy, status: int = 200, *, keys: str = "keep", problem: str = "",
    busy: str = "",
) -> ResponseReturnValue:  # fmt: skip
    values = page_values(project, strategy) | {"keys": keys, "problem": problem, "busy": busy}
    return dialog("strategies/_delete.html", status, back=_list_url(project), **values)


def _back(strategy: RotationStrategy) -> str:
    return url_for(".show", project_name=request.view_args["project_name"], strategy_id=strategy.id)  # type: ignore[index]


def _list_url(project: Project, **query: Any) -> str:
    return url_for(".list_strategies", project_name=project.name, **query)
