"""Publication: the secrets move in one transaction, together with all that follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from models import AccessKey, KeyState, Purpose, RotationStrategy, State, StepName
from models.access_key import is_current, move
from models.audit import Action, record
from models.rotation import BY_HAND
from rotation.ending import retirement, undoing
from rotation.errors import RotationError
from rotation.outputs.writing import write_outputs
from rotation.programs.sessions import renew_soon
from rotation.provider import KeyPair
from rotation.reach import own_key
from rotation.telling.events import tell_success
from rotation.watching.drift import EVERY
from rotation.when.planning import turn_by
from rotation.when.schedule import after_publication
from rotation.work import Work


def publish(work: Work) -> datetime | None:
    """Make the verified key the one that programs read, and its predecessor an old one in its grace.

    One transaction, with the lease checked in it: whoever reads both secrets at once sees one pair, and a worker that
    lost its lease publishes nothing. A key whose verification another run saw is verified anew first.
    """
    if not work.is_verified:
        work.save(state=State.VERIFYING.value, good_rounds=0, verify_until=None)
        return None
    now, session, strategy = work.now(), work.session, work.strategy
    key = work.key()
    if key is None or key.access_key_id is None:
        raise RotationError("interrupted", said="The verified key is no longer there")
    pair = undoing.pair_of(work, key)
    step = work.step(StepName.PUBLISH)
    if strategy.turns_manager:
        own_key.hold(work)
    # It may have been edited since this worker read it: what counts is what it says at the moment of publication.
    session.refresh(strategy, with_for_update={"of": RotationStrategy})
    versions = own_key.hand_over(work, pair, now) if strategy.turns_manager else _write_pair(work, pair, now)
    old = _replace(work, now)
    _make_current(work, key, now)
    renew_soon(session, strategy.id, now)
    by_button = work.rotation.trigger in BY_HAND
    session.flush()  # it is the new key's age that counts
    after_publication(strategy, now, by_button=by_button, turn_by=turn_by(session, strategy))
    record(
        session, at=now, actor="worker", action=Action.KEY_PUBLISH, thing=key.access_key_id,
        project_id=strategy.project_id, strategy_id=strategy.id, rotation=work.rotation.id,
    )  # fmt: skip
    tell_success(work, key)
    work.end(step, versions)
    work.save(release=True, state=State.SUCCEEDED.value, ended_at=now, wait_until=None, wait_code="", error_facts={})
    if old is not None and old.leaked_at is not None:
        retirement.look_at_once(work.tools, old)
    return None


_AS_CURRENT = dict.fromkeys(("replaced_at", "retire_at", "quiet_at", "deactivated_at", "restored_at")) | {
    "error_code": ""
}


def _make_current(work: Work, key: AccessKey, now: datetime) -> None:
    """Make the verified key, a new one or the one before, the one that programs read."""
    state = KeyState.CREATED
    if work.rotation.purpose == Purpose.UNDO.value:
        work.session.refresh(key, with_for_update=True)
        state = KeyState(undoing.living(work).state)
    as_current = {"published_at": now, "look_at": now + EVERY, **_AS_CURRENT}
    if not move(work.session, key.id, state, KeyState.ACTIVE, **as_current):
        raise RotationError("interrupted", said="The verified key was discarded")


def _replace(work: Work, now: datetime) -> AccessKey | None:
    """Make the key that programs read an old one: in its grace, or without one where it is compromised."""
    session, strategy = work.session, work.strategy
    current = select(AccessKey).where(is_current(strategy.id))
    old = session.scalar(current.with_for_update().execution_options(populate_existing=True))
    if old is not None:
        values: dict[str, Any] = {
            "replaced_at": now,
            "look_at": now,
            "restored_at": None,
            "error_code": "",
            "error_facts": {},
        }
        if old.leaked_at is None:
            values |= {"retire_at": now + timedelta(seconds=strategy.grace_s)}
        else:
            values |= {"retire_at": now, "ended_by": old.leaked_by}
        move(session, old.id, KeyState.ACTIVE, KeyState.RETIRING, **values)
    # One that was cut off before had no successor then.
    session.execute(
        update(AccessKey)
        .where(
            AccessKey.strategy_id == strategy.id, AccessKey.state == KeyState.DEACTIVATED.value,
            AccessKey.replaced_at.is_(None),
        )
        .values(replaced_at=now)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return old


def _write_pair(work: Work, pair: KeyPair, now: datetime) -> str:
    """Write the secrets; returns a sentence about their versions."""
    strategy, rotation_id = work.strategy, work.rotation.id
    why = f"{'undo, ' if work.rotation.purpose == Purpose.UNDO.value else ''}rotation {rotation_id}"
    secrets = write_outputs(
        work.session, work.tools.sealing_key(strategy.project_id), strategy, pair, now=now,
        by=work.rotation.requested_by, reason=why, rotation_id=rotation_id,
    )  # fmt: skip
    first, *others = (f"{secret.name} became version {secret.version}" for secret in secrets)
    return f"{', '.join([first, *others[:-1]])}, and {others[-1]}, in one transaction."
