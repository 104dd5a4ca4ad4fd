"""What programs are handed of a strategy: the key itself or temporary credentials, and for how long."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from database import db
from models import HandsOut
from models.audit import Action
from rotation.programs.sessions import renew_soon, want_session
from views.fetch import get_project
from views.fetch_rotation import get_strategy
from views.frame.identity import audit
from views.frame.services import courier, now
from views.shown.handover.readers import LENGTHS_S

bp = Blueprint("programs", __name__, url_prefix="/projects/<project_name>/strategies/<int:strategy_id>/programs")


@bp.post("")
def choose(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Choose what programs are handed from their next request on. What they have holds as long as they were told."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    chosen: dict[str, Any] = {
        "hands_out": request.form.get("hands_out", ""),
        "handed_s": request.form.get("handed_s", 0, type=int),
    }
    if chosen["hands_out"] not in set(HandsOut) or chosen["handed_s"] not in LENGTHS_S:
        abort(400)
    seen = {name: getattr(strategy, name) for name in chosen}
    changed = {name: f"{seen[name]} to {value}" for name, value in chosen.items() if seen[name] != value}
    if changed:
        strategy.hands_out, strategy.handed_s = chosen["hands_out"], chosen["handed_s"]
        wanted = want_session(db.session(), strategy, now())
        renew_soon(db.session(), strategy.id, now())
        audit(Action.STRATEGY_CHANGE, strategy.user_name, project_id=project.id, strategy_id=strategy.id, **changed)
        db.session.commit()
        if wanted is not None:
            courier().session(*wanted)
    page = url_for("strategies.show", project_name=project.name, strategy_id=strategy.id, _anchor="programs")
    return redirect(page, 303)
