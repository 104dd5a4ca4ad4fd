"""A key whose answer never came: found by listing, where that is permitted, and deleted; else a person is asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from models import AccessKey, KeyState, RotationStrategy
from models.access_key import move
from models.audit import Action, record
from rotation.errors import RotationError
from rotation.provider import ListedKey
from rotation.work import Tools

LATE = timedelta(minutes=15)
"""How long after the intent a request whose answer was lost may still be carried out."""

SKEW = timedelta(minutes=5)
"""How far AWS's clock and ours may be apart."""

PAUSE = timedelta(minutes=1)


def search(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    """Find the lost key among the target's and delete it.

    Returns when to look again, or None when nothing is left to do. It is the one that is new, unknown to us,
    made within the intent's time and never used. Anything less certain raises `answer_lost`, which asks a person.
    """
    if key.known_before is None:
        return None
    listed = tools.aws.list_keys(strategy.user_name)
    if listed is None:
        return None
    candidates = _candidates(tools, key, listed)
    if len(candidates) > 1:
        raise _ask_a_person(key, f"{len(candidates)} keys fit")
    if candidates:
        _delete(tools, key, strategy, candidates[0])
        return None
    now = tools.clock.now()
    if now < key.intent_at + LATE:
        return now + PAUSE
    move(tools.session, key.id, KeyState.LOST, KeyState.DELETED, deleted_at=now, look_at=None)
    return None


def _candidates(tools: Tools, key: AccessKey, listed: list[ListedKey]) -> list[ListedKey]:
    ours = set(tools.session.scalars(select(AccessKey.access_key_id).where(AccessKey.strategy_id == key.strategy_id)))
    tools.session.commit()
    before = set(key.known_before or ())
    return [
        row
        for row in listed
        if row.access_key_id not in ours
        and row.access_key_id not in before
        and key.intent_at - SKEW <= row.created_at <= key.intent_at + LATE + SKEW
    ]


def _delete(tools: Tools, key: AccessKey, strategy: RotationStrategy, found: ListedKey) -> None:
    last_use = tools.aws.last_use(found.access_key_id)
    if last_use.used_at is not None:
        raise _ask_a_person(key, f"{found.access_key_id} fits, but has been used")
    if last_use.user_name != strategy.user_name:
        raise _ask_a_person(key, f"AWS says that {found.access_key_id} is {last_use.user_name}'s")
    tools.aws.delete_key(strategy.user_name, found.access_key_id)
    now = tools.clock.now()
    move(
        tools.session, key.id, KeyState.LOST, KeyState.DELETED, access_key_id=found.access_key_id,
        created_at=found.created_at, deleted_at=now, look_at=None,
    )  # fmt: skip
    record(
        tools.session, at=now, actor="worker", action=Action.KEY_DELETE, thing=found.access_key_id,
        project_id=key.project_id, strategy_id=key.strategy_id, why="its answer was lost",
    )  # fmt: skip


def _ask_a_person(key: AccessKey, said: str) -> RotationError:
    return RotationError("answer_lost", said=said, until=key.intent_at.isoformat(timespec="seconds"))
