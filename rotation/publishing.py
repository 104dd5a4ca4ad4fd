"""Publication: the secrets move in one transaction, together with all that follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import AccessKey, KeyState, RotationStrategy, State, StepName, Trigger
from models.access_key import move
from models.audit import Action, record
from rotation.drift import EVERY
from rotation.errors import RotationError
from rotation.outputs.writing import write_outputs
from rotation.planning import turn_by
from rotation.provider import KeyPair
from rotation.reach import own_key
from rotation.schedule import after_publication
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
    if key is None or key.access_key_id is None or key.state != KeyState.CREATED.value:
        raise RotationError("interrupted", said="The verified key is no longer there")
    step = work.step(StepName.PUBLISH)
    if strategy.turns_manager:
        own_key.hold(work)
    # It may have been edited since this worker read it: what counts is what it says at the moment of publication.
    session.refresh(strategy, with_for_update={"of": RotationStrategy})
    versions = own_key.hand_over(work, key, now) if strategy.turns_manager else _write_pair(work, key, now)
    old = work.published_key()
    if old is not None:
        retire_at = now + timedelta(seconds=strategy.grace_s)
        move(
            session,
            old.id,
            KeyState.ACTIVE,
            KeyState.RETIRING,
            replaced_at=now,
            retire_at=retire_at,
            look_at=now,
            error_code="",
            error_facts={},
            restored_at=None,
        )
    if not move(session, key.id, KeyState.CREATED, KeyState.ACTIVE, published_at=now, look_at=now + EVERY):
        raise RotationError("interrupted", said="The verified key was discarded")
    by_button = work.rotation.trigger == Trigger.BUTTON.value
    session.flush()  # it is the new key's age that counts
    after_publication(strategy, now, by_button=by_button, turn_by=turn_by(session, strategy))
    record(
        session, at=now, actor="worker", action=Action.KEY_PUBLISH, thing=key.access_key_id,
        project_id=strategy.project_id, strategy_id=strategy.id, rotation=work.rotation.id,
    )  # fmt: skip
    work.end(step, versions)
    work.save(release=True, state=State.SUCCEEDED.value, ended_at=now, wait_until=None, wait_code="", error_facts={})
    return None


def _write_pair(work: Work, key: AccessKey, now: datetime) -> str:
    """Write the secrets; returns a sentence about their versions."""
    strategy, rotation_id = work.strategy, work.rotation.id
    sealing_key = work.tools.sealing_key(strategy.project_id)
    pair = KeyPair(key.access_key_id or "", key.open_secret(sealing_key))
    secrets = write_outputs(
        work.session, sealing_key, strategy, pair, now=now, by=work.rotation.requested_by,
        reason=f"rotation {rotation_id}", rotation_id=rotation_id,
    )  # fmt: skip
    first, *others = (f"{secret.name} became version {secret.version}" for secret in secrets)
    return f"{', '.join([first, *others[:-1]])}, and {others[-1]}, in one transaction."
