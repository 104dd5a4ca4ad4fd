"""Deleting a strategy: its keys stay, or those that it made are deleted at AWS first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AccessKey, Action, KeyState, RotationStrategy
from models.access_key import AT_AWS, move
from models.audit import record
from models.strategy import lock_strategy
from rotation.requests import end_waiting, open_rotation


class RotationRunsError(Exception):
    """A worker is turning this strategy's key at this moment."""


def delete_strategy(
    session: Session,
    strategy: RotationStrategy,
    *,
    delete_keys: bool,
    by: str,
    now: datetime,
    actor_id: int | None = None,
    address: str = "",
) -> list[str]:
    """Delete the strategy, without committing; its secrets stay with the values they have.

    Without `delete_keys` no key that was published or taken over is touched. With it, those that the strategy made are
    deleted at AWS, the current one included; keys that were taken over stay. A key that was made and never published is
    deleted in either case, and one whose answer was lost is looked for where it can be found. Until AWS has deleted
    them the strategy stays, marked by `deleting_at`; deleting it again without `delete_keys` lets go of those that AWS
    still has. Returns the ids of the keys to look at. Raises RotationRunsError while a worker holds a rotation of the
    strategy.
    """
    if not lock_strategy(session, strategy):
        return []
    _end_waiting_rotation(session, strategy, now)
    _lose_pending(session, strategy, now)
    record(
        session, at=now, actor=by, actor_id=actor_id, address=address, action=Action.STRATEGY_DELETE,
        project_id=strategy.project_id, strategy_id=strategy.id, thing=strategy.user_name, delete_keys=delete_keys,
    )  # fmt: skip
    keys = _keys_at_aws(session, strategy)
    doomed = [key for key in keys if _goes(key, delete_keys=delete_keys, manages=strategy.turns_manager)]
    if not doomed:
        session.delete(strategy)
        return []
    strategy.deleting_at, strategy.due_at, strategy.retry_at = now, None, None
    for key in keys:
        key.ended_by, key.look_at = (by, now) if key in doomed else ("", None)
    return [key.id for key in doomed]


def finish_deletion(session: Session, strategy_id: int) -> bool:
    """Delete the row of a strategy that only waited for its keys, without committing. True when it is gone."""
    strategy = session.get(RotationStrategy, strategy_id)
    if strategy is None or not lock_strategy(session, strategy) or strategy.deleting_at is None:
        return False
    if any(holds_up_deletion(key) for key in _keys_at_aws(session, strategy)):
        return False
    session.delete(strategy)
    return True


def deletions_to_finish(session: Session, most: int) -> list[int]:
    """The strategies whose deletion has begun and waits for no look at a key: who had the last one may have died."""
    waits = select(AccessKey.id).where(AccessKey.strategy_id == RotationStrategy.id, AccessKey.look_at.is_not(None))
    rest = select(RotationStrategy.id).where(RotationStrategy.deleting_at.is_not(None), ~waits.exists())
    return list(session.scalars(rest.limit(most)))


def holds_up_deletion(key: AccessKey) -> bool:
    """Whether the strategy's deletion, once begun, waits for the end of this key."""
    return bool(key.ended_by) and key.state != KeyState.DELETED.value and not _is_settled(key)


def _goes(key: AccessKey, *, delete_keys: bool, manages: bool) -> bool:
    """Whether the key is deleted with the strategy; one that a manager asks AWS with never is."""
    if key.state == KeyState.LOST.value:
        return not _is_settled(key)
    if manages and key.state == KeyState.ACTIVE.value:
        return False
    return key.state == KeyState.CREATED.value or (delete_keys and not key.taken_over)


def _is_settled(key: AccessKey) -> bool:
    """Whether a lost key can't be found by looking: its user's keys can't be listed, or a person has to look."""
    return key.state == KeyState.LOST.value and (
        key.known_before is None or key.look_at is None or key.error_code == "answer_lost"
    )


def _lose_pending(session: Session, strategy: RotationStrategy, now: datetime) -> None:
    """The worker that was to keep AWS's answer is gone: its key is as good as lost, and told so."""
    pending = select(AccessKey.id).where(
        AccessKey.strategy_id == strategy.id, AccessKey.state == KeyState.PENDING.value
    )
    for key_id in session.scalars(pending).all():
        move(session, key_id, KeyState.PENDING, KeyState.LOST, look_at=now)
        record(
            session, at=now, actor="worker", action=Action.KEY_LOSE, thing=strategy.user_name,
            project_id=strategy.project_id, strategy_id=strategy.id,
        )  # fmt: skip


def _keys_at_aws(session: Session, strategy: RotationStrategy) -> list[AccessKey]:
    """Those that AWS holds, and those that it may hold."""
    states = [state.value for state in (*AT_AWS, KeyState.LOST)]
    return list(
        session.scalars(
            select(AccessKey)
            .where(AccessKey.strategy_id == strategy.id, AccessKey.state.in_(states))
            .execution_options(populate_existing=True)
        )
    )


def _end_waiting_rotation(session: Session, strategy: RotationStrategy, now: datetime) -> None:
    """A rotation that only waits goes with its strategy; one that a worker holds must end first."""
    if end_waiting(session, strategy.id, now, "interrupted", said="The strategy was deleted"):
        return
    if open_rotation(session, strategy.id) is not None:
        raise RotationRunsError
