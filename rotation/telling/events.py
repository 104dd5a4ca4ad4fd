"""The engine's events. Each is written in the transaction of what it tells, and commits with that or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import AccessKey, Kind, RotationStrategy
from models.base import stamp
from models.telling.alerts import clear_alert, raise_alert
from models.telling.outbox import Audience, tell
from rotation.errors import RotationError
from rotation.provider import LastUse
from rotation.telling.failures import told_of
from rotation.work import Tools, Work


def tell_success(work: Work, key: AccessKey) -> None:
    """The rotation has published the key. People are told only where it mends what was wrong."""
    session, strategy, now = work.session, work.strategy, work.now()
    data = {"rotation": _rotation(work), "key": {"access_key_id": key.access_key_id}}
    tell(
        session, Kind.ROTATION_SUCCEEDED, now, project_id=strategy.project_id, strategy=strategy,
        audience=Audience.PROGRAMS, **data,
    )  # fmt: skip
    for kind in (Kind.ROTATION_WAITING, Kind.ROTATION_DUE):
        clear_alert(session, kind, str(strategy.id), project_id=strategy.project_id)
    if clear_alert(session, Kind.ROTATION_FAILED, str(strategy.id), project_id=strategy.project_id):
        tell(
            session, Kind.ROTATION_FAILED, now, project_id=strategy.project_id, strategy=strategy,
            audience=Audience.PEOPLE, mended=True, **data,
        )  # fmt: skip


def tell_failure(work: Work, error: RotationError, facts: dict[str, str]) -> None:
    """The rotation has failed. People are told at the first time, then once a day."""
    strategy = work.strategy
    audience = Audience.ALL if _is_loud(work, Kind.ROTATION_FAILED) else Audience.PROGRAMS
    tell(
        work.session, Kind.ROTATION_FAILED, work.now(), project_id=strategy.project_id, strategy=strategy,
        audience=audience, rotation=_rotation(work), failure=told_of(error.code, facts),
    )  # fmt: skip
    clear_alert(work.session, Kind.ROTATION_WAITING, str(strategy.id), project_id=strategy.project_id)


def tell_waiting(work: Work, facts: dict[str, str]) -> None:
    """The rotation waits for a person to end the old key. Told at the first look, then once a day."""
    strategy = work.strategy
    if _is_loud(work, Kind.ROTATION_WAITING):
        tell(
            work.session, Kind.ROTATION_WAITING, work.now(), project_id=strategy.project_id, strategy=strategy,
            rotation=_rotation(work), failure=told_of("old_key_kept", facts),
        )  # fmt: skip


def tell_used(session: Session, key: AccessKey, use: LastUse, now: datetime) -> None:
    """AWS reports that an old key was used after its grace. Told at first, then once a day while it goes on."""
    strategy = session.get_one(RotationStrategy, key.strategy_id)
    project_id = key.project_id
    if raise_alert(session, Kind.KEY_USED, key.id, now, project_id=project_id, strategy_id=strategy.id):
        at = "" if use.used_at is None else stamp(use.used_at)
        tell(
            session, Kind.KEY_USED, now, project_id=project_id, strategy=strategy,
            key={"access_key_id": key.access_key_id}, use={"at": at, "service": use.service, "region": use.region},
        )  # fmt: skip


def tell_deleted(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> None:
    """A key is gone from AWS."""
    for kind in (Kind.KEY_USED, Kind.KEY_OLD):
        clear_alert(tools.session, kind, key.id, project_id=strategy.project_id)
    tell(
        tools.session, Kind.KEY_DELETED, tools.clock.now(), project_id=strategy.project_id, strategy=strategy,
        audience=Audience.PROGRAMS, key={"access_key_id": key.access_key_id},
    )  # fmt: skip


def _is_loud(work: Work, kind: Kind) -> bool:
    strategy = work.strategy
    return raise_alert(
        work.session, kind, str(strategy.id), work.now(), project_id=strategy.project_id, strategy_id=strategy.id
    )


def _rotation(work: Work) -> dict[str, Any]:
    rotation = work.rotation
    return {"id": rotation.id, "trigger": rotation.trigger, "requested_by": rotation.requested_by}
