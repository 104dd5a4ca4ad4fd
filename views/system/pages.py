"""The status page, and the short answers for what watches processes."""

from __future__ import annotations

from flask import Response, jsonify, make_response, render_template
from flask.typing import ResponseReturnValue

from database import db
from models.reading.health import work
from views.frame.identity import public
from views.frame.services import config, now
from views.system.blueprint import bp
from views.system.state import SystemState, forget, late, system_state

REASONS = {
    "database": "the database doesn't answer",
    "schema": "the database's schema isn't the one that this version needs",
    "redis": "Redis doesn't answer",
}


@bp.get("/status")
def show_status() -> ResponseReturnValue:
    """Show how each part is, and what to do where one isn't well."""
    forget()
    state = system_state()
    numbers = work(db.session(), now(), late()) if state.database and state.schema else None
    return render_template("system/status.html", state=state, work=numbers, config=config(), late=late())


@bp.get("/healthz")
@public
def healthz() -> Response:
    """Whether this process is alive."""
    return make_response("alive\n", {"Content-Type": "text/plain; charset=utf-8"})


@bp.get("/readyz")
@public
def readyz() -> Response:
    """Whether it can serve: 200, or 503 with the reasons."""
    reasons = _reasons(system_state())
    response = jsonify(ready=not reasons, reasons=reasons)
    response.status_code = 503 if reasons else 200
    return response


def _reasons(state: SystemState) -> list[str]:
    if not state.database:
        return [REASONS["database"]] + ([] if state.redis else [REASONS["redis"]])
    return [REASONS[part] for part in ("schema", "redis") if not getattr(state, part)]
