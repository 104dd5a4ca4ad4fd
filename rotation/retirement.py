"""How an old key ends: grace, last use, deletion. Also how a key that was never published is discarded.

A key is deleted only when it is recorded as this strategy's own or taken over, it isn't the published one, and AWS
says in the same look that it belongs to the target.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import AccessKey, Connection, KeyState, RetireWhen, Rotation, RotationStrategy
from models.access_key import claim_look, move
from models.audit import Action, record
from models.connection import note_worked
from models.secret import current_values
from rotation import drift, lost
from rotation.errors import RotationError
from rotation.provider import LastUse
from rotation.requests import wake_waiting
from rotation.watching.uses import note_use
from rotation.work import Tools

log = logging.getLogger(__name__)

PAUSE_AFTER_ERROR = timedelta(minutes=1)
PAUSE_AFTER_PERMANENT_ERROR = timedelta(hours=1)

Look = Callable[[Tools, AccessKey, RotationStrategy], datetime | None]

BY_RULE = "Keyturn"
"""Stands for the person who ended a key while AWS is asked to delete one whose time has come."""


def keep_longer(session: Session, key: AccessKey, until: datetime, by: str, now: datetime) -> bool:
    """Don't delete the old key before `until`, without committing. False when it is too late for that."""
    kept = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, AccessKey.state == KeyState.RETIRING.value, AccessKey.ended_by == "")
        .values(retire_at=until, look_at=now, quiet_at=None)
        .execution_options(synchronize_session=False)
    )
    if not kept.rowcount:  # type: ignore[attr-defined]
        return False
    _record(session, key, Action.KEY_KEEP_LONGER, by, now, until=until.isoformat(timespec="seconds"))
    return True


def end_now(session: Session, key: AccessKey, by: str, now: datetime) -> bool:
    """Have the old key deleted at the next look, used or not, without committing. False when it isn't an old key."""
    ended = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, AccessKey.state == KeyState.RETIRING.value)
        .values(ended_by=by, look_at=now, error_code="", error_facts={})
        .execution_options(synchronize_session=False)
    )
    if not ended.rowcount:  # type: ignore[attr-defined]
        return False
    _record(session, key, Action.KEY_END, by, now)
    return True


def ask_now(session: Session, key: AccessKey, now: datetime) -> None:
    """Have AWS asked for the key's last use at once, without committing. What kept it from ending is forgotten."""
    session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, AccessKey.state == KeyState.RETIRING.value)
        .values(look_at=now, error_code="", error_facts={})
        .execution_options(synchronize_session=False)
    )


def look(tools: Tools, key_id: str) -> datetime | None:
    """Look at a key that is due: retire it, discard it, or search for it if it was lost.

    Returns when to look again, or None when it isn't due, is another worker's or needs no further look.
    """
    now = tools.clock.now()
    taken = claim_look(tools.session, key_id, now, tools.timing.lease)
    key = tools.session.get(AccessKey, key_id, populate_existing=True)
    tools.session.commit()
    return _look(tools, key) if taken and key is not None else None


def look_at_once(tools: Tools, key: AccessKey) -> None:
    """Look at the key now if it is due."""
    look(tools, key.id)


def _look(tools: Tools, key: AccessKey) -> datetime | None:
    strategy, found = tools.session.get_one(RotationStrategy, key.strategy_id), key.state
    tools.session.commit()
    try:
        again = _kind_of_look(key, strategy)(tools, key, strategy)
    except RotationError as error:
        tools.session.rollback()
        return _put_off(tools, key, strategy, error)
    tools.session.execute(
        update(AccessKey)
        # Not if it was replaced meanwhile: then others have said when to look.
        .where(AccessKey.id == key.id, AccessKey.state.in_([found, KeyState.DELETED.value]))
        .values(look_at=again, error_code="", error_facts={})
        .execution_options(synchronize_session=False)
    )
    tools.session.commit()
    return again


def _kind_of_look(key: AccessKey, strategy: RotationStrategy) -> Look:
    """What is to be done about the key. Raises `from_backup` where its row is no reason to end it."""
    if key.state == KeyState.ACTIVE.value and not _retires(key, strategy):
        return drift.look
    if key.restored_at is not None and not key.ended_by:
        raise RotationError("from_backup")
    return lost.search if key.state == KeyState.LOST.value else _end


def _end(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    try:
        if key.state == KeyState.CREATED.value:
            return _discard(tools, key, strategy)
        if _retires(key, strategy):
            return _retire(tools, key, strategy)
    except RotationError as error:
        if error.code != "unknown_key" or not _is_listed_no_more(tools, key, strategy):
            raise
        _record_end(tools, key, strategy, why="AWS lists it no more")
    return None


def _is_listed_no_more(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether somebody else deleted the key, by AWS's own list of the target's keys, where that is permitted.

    A key that was just made proves nothing by its absence, nor does the list of another account's user.
    """
    if tools.clock.now() < key.intent_at + lost.LATE or tools.aws.identify().account_id != strategy.account_id:
        return False
    listed = tools.aws.list_keys(strategy.user_name)
    return listed is not None and key.access_key_id not in {row.access_key_id for row in listed}


def _retires(key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether the key is to end: an old one, or one that the person who deleted the strategy chose to delete too."""
    if strategy.deleting_at is not None:
        return key.state in {KeyState.RETIRING.value, KeyState.ACTIVE.value} and bool(key.ended_by)
    return key.state == KeyState.RETIRING.value


def _put_off(tools: Tools, key: AccessKey, strategy: RotationStrategy, error: RotationError) -> datetime:
    """Tell why it doesn't go on, and look again later."""
    pause = PAUSE_AFTER_ERROR if error.failure.transient else PAUSE_AFTER_PERMANENT_ERROR
    again = tools.clock.now() + pause
    facts = {"user": strategy.user_name, "arn": strategy.user_arn, "key": key.access_key_id or "", **error.facts}
    tools.session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, AccessKey.state == key.state)
        .values(look_at=again, error_code=error.code, error_facts=facts)
        .execution_options(synchronize_session=False)
    )
    if not error.failure.transient:
        # AWS has said no. After a transient error it may have deleted the key all the same.
        _unseal_end(tools, key)
    tools.session.commit()
    log.info("access key %s: %s, looked at again at %s", key.access_key_id, error.code, again)
    return again


def _retire(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    """Ask for the last use and delete the key if its time has come; else return when to look again."""
    last_use = _proven(tools, key, strategy)
    now = tools.clock.now()
    quiet_at = _quiet_at(tools, key, strategy, last_use)
    note_use(tools.session, key, last_use, now, quiet_at)
    note_worked(tools.session, strategy.connection_id, now)
    tools.session.commit()
    tools.session.refresh(key)
    tools.session.commit()
    by_person = key.ended_by not in {"", BY_RULE}
    end_at = now if by_person else _end_at(key, strategy, quiet_at)
    if now >= end_at:
        if not by_person and not _seal_end(tools, key):
            return now
        _delete(tools, key, strategy)
        return None
    _unseal_end(tools, key)
    return min(end_at, now + timedelta(seconds=tools.timing.last_use_poll_s))


def _seal_end(tools: Tools, key: AccessKey) -> bool:
    """From here on nobody is told any more that the key is kept. False when somebody was told so a moment ago."""
    sealed = tools.session.execute(
        update(AccessKey)
        .where(
            AccessKey.id == key.id, AccessKey.state == KeyState.RETIRING.value,
            AccessKey.ended_by.in_(["", BY_RULE]), AccessKey.retire_at == key.retire_at,
        )
        .values(ended_by=BY_RULE)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    tools.session.commit()
    return bool(sealed.rowcount)  # type: ignore[attr-defined]


def _unseal_end(tools: Tools, key: AccessKey) -> None:
    """It isn't being deleted any more, so that it can be kept."""
    tools.session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, AccessKey.ended_by == BY_RULE)
        .values(ended_by="")
        .execution_options(synchronize_session=False)
    )
    tools.session.commit()


def _end_at(key: AccessKey, strategy: RotationStrategy, quiet_at: datetime) -> datetime:
    """When the key's time has come, if AWS reports no further use."""
    retire_at = key.retire_at or quiet_at
    return retire_at if strategy.retire_when == RetireWhen.DEADLINE.value else max(retire_at, quiet_at)


def _quiet_at(tools: Tools, key: AccessKey, strategy: RotationStrategy, last_use: LastUse) -> datetime:
    """When the key will have been quiet for long enough: counted from its replacement or its last use.

    Never shorter than AWS's report may be late and coarse: a use after publication can carry a time before it.
    """
    since = max(filter(None, (key.replaced_at, key.intent_at, last_use.used_at)))
    return since + timedelta(seconds=max(strategy.quiet_s, tools.timing.last_use_lag_s))


def _discard(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    """Delete a key that was made and never published, unless its rotation still works on it."""
    working = tools.session.scalar(
        select(Rotation.id).where(Rotation.access_key_id == key.id, Rotation.ended_at.is_(None))
    )
    tools.session.commit()
    if working is not None:
        return tools.clock.now() + tools.timing.lease
    _proven(tools, key, strategy)
    _delete(tools, key, strategy)
    return None


def _proven(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> LastUse:
    """AWS's word that the key is the target's, and that it isn't the one that programs read.

    Raises `existing_key_not_targets`, `key_in_connection`, `key_is_published` or `unknown_key`, and what else asking
    may raise.
    """
    if key.access_key_id is None:
        raise RotationError("unknown_key", said="Its ID never came")
    if strategy.deleting_at is None and _is_published(tools, key, strategy):
        raise RotationError("key_is_published")
    if asks_aws(tools.session, key.access_key_id):
        raise RotationError("key_in_connection")
    last_use = tools.aws.last_use(key.access_key_id)
    if last_use.user_name != strategy.user_name:
        raise RotationError("existing_key_not_targets", said=f"AWS says that it is {last_use.user_name}'s")
    return last_use


def _is_published(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether the secret holds this very key, whatever its record says."""
    secret_id = strategy.access_key_secret_id
    if secret_id is None:
        return False
    values = current_values(tools.session, tools.sealing_key(strategy.project_id), [secret_id])
    tools.session.commit()
    return values.get(secret_id, b"") == (key.access_key_id or "").encode()


def asks_aws(session: Session, access_key_id: str) -> bool:
    """Whether a connection asks AWS with this key. Commits."""
    found = session.scalar(select(Connection.id).where(Connection.access_key_id == access_key_id).limit(1))
    session.commit()
    return found is not None


def _delete(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> None:
    """Delete the key at AWS and record it. Dying in between does no harm: deleting again is no error."""
    tools.aws.delete_key(strategy.user_name, key.access_key_id or "")
    _record_end(tools, key, strategy)


def _record_end(tools: Tools, key: AccessKey, strategy: RotationStrategy, **detail: str) -> None:
    now = tools.clock.now()
    tools.session.refresh(key, ["ended_by"])
    by = "worker" if key.ended_by in {"", BY_RULE} else key.ended_by
    gone = move(
        tools.session, key.id, KeyState(key.state), KeyState.DELETED, deleted_at=now, secret_access_key=None,
        look_at=None, ended_by="" if by == "worker" else by,
    )  # fmt: skip
    if gone:
        _record(tools.session, key, Action.KEY_DELETE, by, now, **detail)
        wake_waiting(tools.session, strategy.id, now)
    tools.session.commit()


def _record(session: Session, key: AccessKey, action: Action, by: str, now: datetime, **detail: Any) -> None:
    record(
        session, at=now, actor=by, action=action, thing=key.access_key_id or "", project_id=key.project_id,
        strategy_id=key.strategy_id, **detail,
    )  # fmt: skip
