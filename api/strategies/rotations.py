"""Starting rotations, and watching them."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from api.blueprint import bp
from api.door import name_of, refuse, want_token
from api.fields import LARGEST_ID
from api.paging import PageQuery, read_page
from api.problems import Problem
from api.strategies.reach import strategy_in_reach
from api.strategies.schemas import RotateBody, RotationAnswer, RotationQuery, RotationsAnswer
from api.waiting import wait_for
from api.writing import after_commit, writing
from database import db
from models import AccessKey, Rotation, Trigger
from models.programs.reach import strategies_of
from rotation.errors import RotationError
from rotation.requests import BeingDeletedError, OldKey, request_rotation
from rotation.telling.failures import told_of
from views.frame.services import courier, now
from views.shown.rotation import steps_of

_STATES = {"ok": "done", "bad": "failed", "run": "running", "wait": "waiting", "todo": "to-come"}


@bp.post("/api/v1/strategies/<int:strategy_id>/rotations", tags=["Rotations"])
@bp.arguments(RotateBody, required=False)
@writing
@bp.response(
    202, RotationAnswer, description="The rotation at `Location` is queued, or was running already.",
    headers={"Location": {"schema": {"type": "string"}}},
)  # fmt: skip
def start_rotation(body: dict[str, Any], strategy_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Start a rotation. Wants the right to rotate the strategy.

    While one runs, that one is answered. A failed one isn't tried again by itself.
    """
    token = want_token()
    strategy = strategy_in_reach(token, strategy_id, to_rotate=True)
    try:
        rotation, is_new = request_rotation(
            db.session(), strategy, by=name_of(token), trigger=Trigger.API, now=now(), old_key=OldKey(body["old_key"]),
            address=request.remote_addr or "",
        )  # fmt: skip
    except BeingDeletedError:
        raise Problem(409, "being-deleted", "Being deleted", "Nothing turns this strategy's key any more.") from None
    except RotationError as error:
        told = error.failure.tell(error.facts)
        raise Problem(409, error.code.replace("_", "-"), told.heading, told.what_to_do) from None
    if is_new:
        rotation_id, claims = rotation.id, rotation.claims
        after_commit(lambda: courier().rotation(rotation_id, claims))
    return _whole(rotation), {"Location": url_for("api.watch_rotation", rotation_id=rotation.id)}


@bp.get("/api/v1/rotations/<int:rotation_id>", tags=["Rotations"])
@bp.arguments(RotationQuery, location="query")
@bp.conditional
@bp.response(200, RotationAnswer)
def watch_rotation(query: dict[str, Any], rotation_id: int) -> dict[str, Any]:
    """Show a rotation with its steps."""
    token = want_token()
    wait_for(("rotation", rotation_id), query["wait"])
    mine = select(Rotation).where(Rotation.id == rotation_id, Rotation.strategy_id.in_(strategies_of(token)))
    found = db.session.scalar(mine.options(selectinload(Rotation.steps))) if rotation_id <= LARGEST_ID else None
    return _whole(found) if found is not None else refuse(token)


@bp.get("/api/v1/strategies/<int:strategy_id>/rotations", tags=["Rotations"])
@bp.arguments(PageQuery, location="query")
@bp.conditional
@bp.response(200, RotationsAnswer)
def list_rotations(query: dict[str, Any], strategy_id: int) -> dict[str, Any]:
    """List a strategy's rotations, the newest first."""
    strategy = strategy_in_reach(want_token(), strategy_id)
    mine = select(Rotation.id, Rotation).where(Rotation.strategy_id == strategy.id)
    rows, cursor = read_page(mine, [Rotation.id], query, newest_first=True)
    return {"rotations": [_document(row.Rotation) for row in rows], "next_cursor": cursor}


def failure_of(rotation: Rotation | None) -> dict[str, str] | None:
    """Why the rotation failed; None where it hasn't."""
    if rotation is None or not rotation.error_code:
        return None
    return told_of(rotation.error_code, rotation.error_facts)


def _document(rotation: Rotation) -> dict[str, Any]:
    return {
        "id": rotation.id, "strategy_id": rotation.strategy_id, "state": rotation.state, "purpose": rotation.purpose,
        "trigger": rotation.trigger, "requested_by": rotation.requested_by, "requested_at": rotation.requested_at,
        "started_at": rotation.started_at, "ended_at": rotation.ended_at, "waits_until": rotation.wait_until,
        "waits_for": rotation.wait_code or None, "failure": failure_of(rotation),
    }  # fmt: skip


def _whole(rotation: Rotation) -> dict[str, Any]:
    key = db.session.get(AccessKey, rotation.access_key_id) if rotation.access_key_id else None
    steps = [
        {
            "name": step.name.value, "state": _STATES[step.kind], "text": step.text, "started_at": step.started_at,
            "ended_at": step.ended_at, "calls": [*step.earlier, *step.calls],
        }
        for step in steps_of(rotation, now())
    ]  # fmt: skip
    return {**_document(rotation), "access_key_id": key.access_key_id if key else None, "steps": steps}
