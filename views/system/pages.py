"""The status page, and the short answers for what watches processes."""

from __future__ import annotations

from contextlib import suppress

from flask import Response, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from database import db
from models import AccessKey, Rotation, RotationStrategy, Trigger
from models.reading.health import work
from models.reading.refused import refused, restored
from rotation.failures import FAILURES
from rotation.requests import BeingDeletedError, request_rotation
from views.fetch import my_projects
from views.frame.identity import me, public
from views.frame.services import config, now, services
from views.frame.times import plural
from views.htmx import done
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
    if not (state.database and state.schema):
        return render_template("system/status.html", state=state, work=None, config=config(), late=late())
    return render_template(
        "system/status.html", state=state, work=work(db.session(), now(), late()), config=config(), late=late(),
        refused=_refused(), restored=restored(db.session()), projects={each.id: each for each in my_projects()},
        failures=FAILURES,
    )  # fmt: skip


@bp.get("/status/band")
def show_band() -> ResponseReturnValue:
    """The band of every page that says what isn't well, if anything."""
    return render_template("_system.html")


@bp.post("/status/rotate-refused")
def rotate_refused() -> ResponseReturnValue:
    """Rotate every strategy that the status page lists as holding a key that AWS refuses."""
    chosen = request.form.getlist("strategy", type=int)
    asked: list[Rotation] = []
    for strategy, _ in _refused():
        if strategy.id not in chosen:
            continue
        with suppress(BeingDeletedError):
            rotation, _ = request_rotation(
                db.session(), strategy, by=me().name, trigger=Trigger.BUTTON, now=now(), actor_id=me().id,
                address=request.remote_addr or "",
            )  # fmt: skip
            asked.append(rotation)
    db.session.commit()
    for rotation in asked:
        services().courier.rotation(rotation.id, rotation.claims)
    return done(url_for(".show_status"), toast=f"{plural(len(asked), 'rotation')} asked for")


def _refused() -> list[tuple[RotationStrategy, AccessKey]]:
    return refused(db.session(), [each.id for each in my_projects()])


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
