"""What people ask of an old key: keep it longer, end it now, bring it back. Nothing here commits or asks AWS."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from models import AccessKey, KeyState
from models.access_key import REPLACED, is_free
from models.audit import Action, record

_IS_OLD = AccessKey.state.in_([state.value for state in REPLACED])
_IS_INACTIVE = AccessKey.state == KeyState.DEACTIVATED.value


def keep_longer(session: Session, key: AccessKey, until: datetime, by: str, now: datetime) -> bool:
    """Don't end the old key before `until`, or don't delete it where it is inactive. False when it is too late."""
    if not _write(session, key, _IS_OLD, AccessKey.ended_by == "", retire_at=until, look_at=now, quiet_at=None):
        return False
    note(session, key, Action.KEY_KEEP_LONGER, by, now, until=until.isoformat(timespec="seconds"))
    return True


def end_now(session: Session, key: AccessKey, by: str, now: datetime) -> bool:
    """Have the old key take its next step at the next look, used or not. False when it isn't an old key."""
    return _end(session, key, by, now)


def make_way(session: Session, key: AccessKey, by: str, now: datetime) -> bool:
    """As `end_now`, but not while programs were told that the key holds."""
    return _end(session, key, by, now, is_free(now))


def _end(session: Session, key: AccessKey, by: str, now: datetime, *conditions: ColumnElement[bool]) -> bool:
    values = {"ended_by": by, "returned_by": "", "look_at": now, "error_code": "", "error_facts": {}}
    if not _write(session, key, _IS_OLD, *conditions, **values):
        return False
    note(session, key, Action.KEY_END, by, now)
    return True


def bring_back(session: Session, key: AccessKey, by: str, now: datetime) -> bool:
    """Have the inactive key activated at the next look. False when it isn't inactive, or is being deleted."""
    free = (AccessKey.ended_by == "", AccessKey.returned_by == "")
    if not _write(session, key, _IS_INACTIVE, *free, returned_by=by, look_at=now, error_code="", error_facts={}):
        return False
    note(session, key, Action.KEY_BRING_BACK, by, now)
    return True


def ask_now(session: Session, key: AccessKey, now: datetime) -> None:
    """Have AWS asked for the key's last use at once. What kept it from ending is forgotten."""
    _write(session, key, _IS_OLD, look_at=now, error_code="", error_facts={})


def try_again(session: Session, key: AccessKey, now: datetime) -> None:
    """Let the next look at a key that couldn't be ended come at once: its place is needed, or its trouble is mended."""
    _write(session, key, AccessKey.error_code != "", AccessKey.look_at > now, look_at=now)


def note(session: Session, key: AccessKey, action: Action, by: str, now: datetime, **detail: Any) -> None:
    """Add an entry about the key to the audit log."""
    record(
        session, at=now, actor=by, action=action, thing=key.access_key_id or "", project_id=key.project_id,
        strategy_id=key.strategy_id, **detail,
    )  # fmt: skip


def _write(session: Session, key: AccessKey, *conditions: ColumnElement[bool], **values: Any) -> bool:
    written = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, *conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(written.rowcount)  # type: ignore[attr-defined]
