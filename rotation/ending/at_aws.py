"""A key's last steps, asked of AWS and then written down. Dying in between does no harm: each can be asked again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from models import AccessKey, KeyState, RotationStrategy
from models.access_key import is_current, move
from models.audit import Action
from models.strategy import lock_strategy
from rotation.ending.rules import BY_RULE
from rotation.ending.wishes import note
from rotation.errors import RotationError
from rotation.requests import wake_waiting
from rotation.telling.events import tell_deleted
from rotation.work import Tools


class LookLostError(Exception):
    """Others have the key by now: this worker was held up for longer than it had the look, or the strategy is gone."""


def deactivate(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> bool:
    """Make the key inactive, watched from now on. False, and nothing changed, where that isn't permitted.

    Raises LookLostError where the key's row is no longer what it was.
    """
    if not ask_to_deactivate(tools, strategy, key.access_key_id or ""):
        return False
    now, moved = tools.clock.now(), False
    if lock_strategy(tools.session, strategy):
        by = _ended_by(tools, key)
        # If the strategy's deletion has begun meanwhile, the key is to go with it: that wish stays.
        fulfilled = {"ended_by": ""} if strategy.deleting_at is None else {}
        moved = move(
            tools.session, key.id, KeyState(key.state), KeyState.DEACTIVATED, deactivated_at=now, quiet_at=None,
            retire_at=now + timedelta(seconds=strategy.watch_s), **fulfilled,
        )  # fmt: skip
        if moved:
            note(tools.session, key, Action.KEY_DEACTIVATE, by, now)
    tools.session.commit()
    if not moved:
        raise LookLostError
    tools.session.refresh(key)
    tools.session.commit()
    return True


def ask_to_deactivate(tools: Tools, strategy: RotationStrategy, access_key_id: str) -> bool:
    """Make a key of the user inactive. False where that isn't permitted; which of the two holds is remembered."""
    try:
        tools.aws.deactivate_key(strategy.user_name, access_key_id)
    except RotationError as error:
        if error.code != "not_permitted":
            raise
        _remember(tools, strategy, may=False)
        return False
    _remember(tools, strategy, may=True)
    return True


def activate(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime:
    """Make the inactive key active: an old one in its grace again, or the current one. Returns when to look at it."""
    tools.aws.activate_key(strategy.user_name, key.access_key_id or "")
    now = tools.clock.now()
    grace_over = now + timedelta(seconds=strategy.grace_s)
    current = select(AccessKey.id).where(is_current(strategy.id))
    is_old = key.replaced_at is not None or tools.session.scalar(current) is not None
    values: dict[str, Any] = {
        "deactivated_at": None,
        "returned_by": "",
        "leaked_at": None,
        "leaked_by": "",
        "quiet_at": None,
    }
    if is_old:
        values |= {"retire_at": grace_over, "replaced_at": key.replaced_at or now}
    state = KeyState.RETIRING if is_old else KeyState.ACTIVE
    if move(tools.session, key.id, KeyState.DEACTIVATED, state, **values):
        note(tools.session, key, Action.KEY_ACTIVATE, key.returned_by or "worker", now)
    tools.session.commit()
    return now


def delete(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> None:
    """Delete the key at AWS and record it. Dying in between does no harm: deleting again is no error."""
    tools.session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id)
        .values(delete_sent_at=tools.clock.now())
        .execution_options(synchronize_session=False)
    )
    tools.session.commit()
    tools.aws.delete_key(strategy.user_name, key.access_key_id or "")
    kept_if_permitted = key.leaked_at is not None and key.state != KeyState.DEACTIVATED.value
    record_end(tools, key, strategy, why="deactivation isn't permitted" if kept_if_permitted else "")


def record_end(tools: Tools, key: AccessKey, strategy: RotationStrategy, why: str = "") -> None:
    """AWS has no such key any more."""
    now, by = tools.clock.now(), _ended_by(tools, key)
    gone = move(
        tools.session, key.id, KeyState(key.state), KeyState.DELETED, deleted_at=now, secret_access_key=None,
        look_at=None, error_code="", error_facts={}, returned_by="", ended_by="" if by == "worker" else by,
    )  # fmt: skip
    if gone:
        note(tools.session, key, Action.KEY_DELETE, by, now, **({"why": why} if why else {}))
        tell_deleted(tools, key, strategy)
        wake_waiting(tools.session, strategy.id, now)
    tools.session.commit()


def _ended_by(tools: Tools, key: AccessKey) -> str:
    ended_by = tools.session.scalar(select(AccessKey.ended_by).where(AccessKey.id == key.id))
    return ended_by if ended_by and ended_by != BY_RULE else "worker"


def _remember(tools: Tools, strategy: RotationStrategy, *, may: bool) -> None:
    """Keep what AWS said of UpdateAccessKey: pages tell it."""
    tools.session.execute(
        update(RotationStrategy)
        .where(RotationStrategy.id == strategy.id, RotationStrategy.can_deactivate.is_distinct_from(may))
        .values(can_deactivate=may)
        .execution_options(synchronize_session=False)
    )
    tools.session.commit()
