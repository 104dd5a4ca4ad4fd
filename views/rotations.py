"""Rotations: the page of one, its live progress, and those of a strategy."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from database import db
from models import Project, Rotation
from models.reading.log import strategy_of_rotation
from rotation.requests import try_now as try_at_once
from views.fetch import get_project
from views.fetch_rotation import find_rotation, get_rotation, get_strategy, sane_id
from views.frame.services import now, services
from views.gone import gone
from views.htmx import done, live, out_of_band, wants_partial
from views.shown.page import past_rotations
from views.shown.values import PAGE_SIZE, PARTS_OF_STRATEGY, page_values, progress_values

_ON_ITS_OWN = (
    "rotations/_state.html",
    "rotations/_actions.html",
    "rotations/_reads.html",
    "rotations/_old_key.html",
)

bp = Blueprint("rotations", __name__, url_prefix="/projects/<project_name>")


@bp.get("/rotations/<int:rotation_id>")
def show(project_name: str, rotation_id: int) -> ResponseReturnValue:
    """Show one rotation."""
    project = get_project(project_name)
    return _page(project, get_rotation(project, rotation_id))


@bp.get("/rotations/<int:rotation_id>/progress")
def progress(project_name: str, rotation_id: int) -> ResponseReturnValue:
    """What is new of a rotation since `seen`; 204 when there is nothing."""
    project = get_project(project_name)
    rotation = find_rotation(project, rotation_id)
    if rotation is None:
        return gone(project, strategy_of_rotation(db.session(), project.id, rotation_id))
    if not wants_partial():
        return _page(project, rotation)
    values = progress_values(project, rotation, on_strategy=request.args.get("on") == "strategy")
    if rotation.is_open and request.args.get("seen") == values["shown"].mark:
        return "", 204
    return _progress(values)


@bp.post("/rotations/<int:rotation_id>/now")
def try_now(project_name: str, rotation_id: int) -> ResponseReturnValue:
    """Try again at once what waits for AWS."""
    project = get_project(project_name)
    rotation = get_rotation(project, rotation_id)
    try_at_once(db.session(), rotation, now())
    db.session.commit()
    services().courier.rotation(rotation.id, rotation.claims)
    to = url_for(".show", project_name=project.name, rotation_id=rotation.id)
    on_strategy = request.args.get("on") == "strategy"
    return done(to, _progress(progress_values(project, rotation, on_strategy=on_strategy)), close_dialog=False)


@bp.get("/strategies/<int:strategy_id>/rotations")
def list_rotations(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """List a strategy's rotations, the newest first."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    before = request.args.get("before", type=int)
    if before is not None:
        before = sane_id(before)
    found = past_rotations(db.session(), strategy, now(), PAGE_SIZE + 1, before)
    shown = found[:PAGE_SIZE]
    older = shown[-1].rotation.id if len(found) > PAGE_SIZE else None
    return render_template(
        "rotations/list.html", project=project, strategy=strategy, rotations=shown, older=older, newest=before is None
    )


def _page(project: Project, rotation: Rotation) -> ResponseReturnValue:
    return render_template("rotations/detail.html", **progress_values(project, rotation, on_strategy=False))


def _progress(values: dict[str, Any]) -> str:
    """The steps, and out of band what else on the page has changed with them."""
    shown, project = values["shown"], values["project"]
    if values["on_strategy"]:
        values = page_values(project, shown.strategy) | values
    parts = PARTS_OF_STRATEGY if values["on_strategy"] else _ON_ITS_OWN
    changed = [out_of_band(render_template(part, **values)) for part in parts]
    return "".join([render_template("rotations/_progress.html", **values), *changed, live(shown.live)])
