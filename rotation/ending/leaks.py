"""A compromised key: its successor is published first, then it ends without grace and stays inactive as evidence.

The mark is the key's own: whichever rotation publishes next ends it so, a retry as well. Nothing here commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import AccessKey, KeyState
from models.audit import Action
from rotation.ending.wishes import note


def mark(session: Session, key: AccessKey, by: str, now: datetime, **who: Any) -> bool:
    """Say that a key is compromised. False when AWS hasn't the key any more.

    One that programs read waits for its successor; an old one ends at the next look. `who`: actor_id and address.
    """
    leaked = {"leaked_at": now, "leaked_by": by}
    ended = {"ended_by": by, "look_at": now, "returned_by": "", "error_code": "", "error_facts": {}}
    marked = (
        _write(session, key, KeyState.ACTIVE, **leaked)
        or _write(session, key, KeyState.RETIRING, **leaked, **ended)
        or _write(session, key, KeyState.DEACTIVATED, **leaked, returned_by="", look_at=None)
    )
    if marked:
        note(session, key, Action.KEY_LEAK, by, now, **who)
    return marked


def cut_off(session: Session, key: AccessKey, by: str, now: datetime, **who: Any) -> bool:
    """Have the compromised key that programs read deactivated at the next look, before there is another for them.

    False when programs read it no more: then it ends anyway.
    """
    cut = {"leaked_at": key.leaked_at or now, "leaked_by": key.leaked_by or by}
    ended = {"ended_by": by, "look_at": now, "error_code": "", "error_facts": {}}
    if not _write(session, key, KeyState.ACTIVE, **cut, **ended):
        return False
    note(session, key, Action.KEY_CUT_OFF, by, now, **who)
    return True


def _write(session: Session, key: AccessKey, state: KeyState, **values: Any) -> bool:
    written = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, AccessKey.state == state.value)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(written.rowcount)  # type: ignore[attr-defined]
