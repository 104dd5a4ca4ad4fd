"""The wish to be told when an old key goes quiet, and the notice that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import Row

from database import db
from models.watching import wishes
from views.fetch import get_project, my_projects
from views.fetch_rotation import get_old_key, get_strategy
from views.frame.identity import me
from views.frame.services import now
from views.htmx import wants_partial
from views.shown.values import page_values

bp = Blueprint("watching", __name__, url_prefix="/projects/<project_name>/strategies/<int:strategy_id>")


@bp.app_template_global("went_quiet")
def notices() -> Sequence[Row[*tuple[Any, ...]]]:
    """What the signed-in person is to be told about keys of projects that they may enter; asked once a request."""
    if not current_user.is_authenticated:
        return []
    if "went_quiet" not in g:
        found = wishes.notices(db.session(), me().id)
        mine = {project.id for project in my_projects()} if found else set()
        g.went_quiet = [notice for notice in found if notice.project_id in mine]
    return list(g.went_quiet)


@bp.post("/old-key/tell")
def tell(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Have this person told when the old key goes quiet, or not any more."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    key = get_old_key(strategy)
    if key.id != request.form.get("key"):
        abort(404)
    if request.form.get("wish") == "yes":
        wishes.wish(db.session(), key.id, me().id, now())
    else:
        wishes.take_back(db.session(), key.id, me().id)
    db.session.commit()
    if wants_partial():
        return render_template("old_keys/_old_key.html", **page_values(project, strategy))
    return redirect(_page(project_name, strategy_id, "old-key"), 303)


@bp.post("/quiet/<key_id>/dismiss")
def dismiss(project_name: str, strategy_id: int, key_id: str) -> ResponseReturnValue:
    """The person has seen that the key went quiet."""
    get_strategy(get_project(project_name), strategy_id)
    wishes.take_back(db.session(), key_id, me().id)
    db.session.commit()
    return "" if wants_partial() else redirect(_page(project_name, strategy_id), 303)


def _page(project_name: str, strategy_id: int, anchor: str | None = None) -> str:
    return url_for("strategies.show", project_name=project_name, strategy_id=strategy_id, _anchor=anchor)
