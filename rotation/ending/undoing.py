"""Undo: back to the pair before while its key lives, proven before it is published, in the same transaction rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crypto import SealingKey
from models import AccessKey, KeyState, Rotation, RotationStrategy, SecretVersion, State, StepName, Trigger
from models.access_key import REPLACED
from models.rotation import Purpose
from models.strategy import lock_strategy
from rotation.ending import at_aws
from rotation.errors import RotationError
from rotation.provider import KeyPair
from rotation.requests import BeingDeletedError, end_waiting, open_rotation, queue
from rotation.work import Work

_LIVES = (
    AccessKey.state.in_([state.value for state in REPLACED]), AccessKey.replaced_at.is_not(None),
    AccessKey.ended_by == "", AccessKey.leaked_at.is_(None),
)  # fmt: skip


def key_before(session: Session, strategy_id: int) -> AccessKey | None:
    """The key that an undo goes back to: the one replaced last, while it lives and isn't compromised."""
    mine = select(AccessKey).where(AccessKey.strategy_id == strategy_id, *_LIVES)
    return session.scalar(mine.order_by(AccessKey.replaced_at.desc()).limit(1))


def newest_living(keys: Sequence[AccessKey]) -> AccessKey | None:
    """The same, among these keys."""
    states = {state.value for state in REPLACED}
    living = [
        key for key in keys if key.state in states and key.replaced_at and not key.ended_by and key.leaked_at is None
    ]
    return max(living, key=_replaced_at, default=None)


def _replaced_at(key: AccessKey) -> datetime:
    return key.replaced_at or key.intent_at


def request_undo(
    session: Session, strategy: RotationStrategy, key_id: str, *, by: str, now: datetime, **who: Any
) -> tuple[Rotation, bool]:
    """Queue the way back to this key, without committing, and keep it for as long as a grace; as `request_rotation`.

    `who`: actor_id and address. Raises BeingDeletedError, and RotationError `no_way_back` when the key is about to end.
    """
    if not lock_strategy(session, strategy) or strategy.deleting_at is not None:
        raise BeingDeletedError
    # An undo needs no room: one that only waits for that gives way.
    end_waiting(
        session, strategy.id, now, "gave_way", Rotation.state == State.QUEUED.value, Rotation.access_key_id.is_(None)
    )
    running = open_rotation(session, strategy.id)
    if running is not None:
        return running, False
    # Who is about to end it compares this time, and then leaves it.
    kept = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key_id, AccessKey.strategy_id == strategy.id, *_LIVES)
        .values(retire_at=now + timedelta(seconds=strategy.grace_s, microseconds=1), returned_by="")
        .execution_options(synchronize_session=False)
    )
    if not kept.rowcount:  # type: ignore[attr-defined]
        raise RotationError("no_way_back", user=strategy.user_name, said="It is being ended")
    rotation = Rotation(
        project_id=strategy.project_id, strategy=strategy, trigger=Trigger.BUTTON.value, purpose=Purpose.UNDO.value,
        requested_by=by, requested_at=now, access_key_id=key_id,
    )  # fmt: skip
    return queue(session, rotation, **who)


def bring_back(work: Work) -> datetime | None:
    """Prove that the key before is the target's, and activate it where it is inactive. Raises `no_way_back`.

    Returns when to begin to verify it; None for at once.
    """
    step = work.step(StepName.BRING_BACK)
    work.save()
    key = living(work)
    work.session.commit()
    last_use = work.aws.last_use(key.access_key_id or "")
    work.note(step, "iam:GetAccessKeyLastUsed", f"{key.access_key_id} is {last_use.user_name}'s", ok=True)
    if last_use.user_name != work.strategy.user_name:
        raise _no_way_back(key, f"AWS says that it is {last_use.user_name}'s")
    pair_of(work, key)  # before anything is changed at AWS
    summary, gap_s = f"{key.access_key_id} is still active.", 0
    if key.state == KeyState.DEACTIVATED.value:
        work.save()
        at_aws.activate(work.tools, key, work.strategy)
        work.note(step, "iam:UpdateAccessKey", f"{key.access_key_id} is active", ok=True)
        summary = f"{key.access_key_id} was inactive, and is activated again."
        gap_s = work.connection.verify_gap_s  # as after a creation: not every service knows at once
    work.end(step, summary)
    work.save(state=State.VERIFYING.value, good_rounds=0, verify_until=None, tries=0, wait_until=None, wait_code="")
    return work.now() + timedelta(seconds=gap_s) if gap_s else None


def living(work: Work) -> AccessKey:
    """The key that the rotation goes back to, as it is now. Raises `no_way_back` when it is being ended."""
    key = work.key()
    if key is None or key.state not in {state.value for state in REPLACED} or key.ended_by or key.leaked_at:
        raise RotationError("no_way_back", said="It is gone, or somebody ended it meanwhile")
    return key


def pair_of(work: Work, key: AccessKey) -> KeyPair:
    """The key's pair, as `kept_pair`. Raises `no_way_back` when it is nowhere any more."""
    pair = kept_pair(work.session, work.strategy, key, work.tools.sealing_key(key.project_id))
    work.session.commit()
    if pair is None:
        raise _no_way_back(key, "Its secret access key is kept nowhere")
    return pair


def kept_pair(session: Session, strategy: RotationStrategy, key: AccessKey, sealing_key: SealingKey) -> KeyPair | None:
    """The key's pair: kept with the key, or, of one that was taken over, what the two secrets held before.

    None when it is nowhere any more.
    """
    if key.secret_access_key is not None:
        return KeyPair(key.access_key_id or "", key.open_secret(sealing_key))
    access_key_id, secret_access_key = (
        _held_before(session, key, secret_id, sealing_key)
        for secret_id in (strategy.access_key_secret_id, strategy.secret_key_secret_id)
    )
    if access_key_id != key.access_key_id or not secret_access_key:
        return None
    return KeyPair(access_key_id, secret_access_key)


def _held_before(session: Session, key: AccessKey, secret_id: int | None, sealing_key: SealingKey) -> str:
    """What the secret held when the key's successor was published."""
    version = session.scalar(
        select(SecretVersion)
        .where(SecretVersion.secret_id == secret_id, SecretVersion.created_at < key.replaced_at)
        .order_by(SecretVersion.number.desc())
        .limit(1)
    )
    return "" if version is None else version.open(sealing_key).decode(errors="replace").strip()


def _no_way_back(key: AccessKey, said: str) -> RotationError:
    return RotationError("no_way_back", key=key.access_key_id or "", said=said)
