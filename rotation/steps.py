"""The steps before publication: get ready, create, verify. Each is resumable: rows first, AWS second."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from models import AccessKey, KeyState, Purpose, State, StepName
from models.access_key import move
from models.audit import Action, record
from models.base import new_id
from rotation import room
from rotation.ending import undoing
from rotation.ending.lost import look_again
from rotation.errors import AnswerLost, RotationError
from rotation.provider import Answer, CreatedKey, Identity
from rotation.reach import own_key
from rotation.work import Work

log = logging.getLogger(__name__)

_KEEP_AGAIN_S = (0.2, 0.5, 1, 2, 5, 10, 10, 10, 10, 10)
"""Pauses between the tries to store AWS's answer. A job may last for 300 s, and SQLite itself waits for 10."""


def make_ready(work: Work) -> datetime | None:
    """Know the target, take over the key that it has, and make room for a new one."""
    if work.rotation.started_at is None:
        work.end(
            work.step(StepName.CLAIM),
            f"{work.tools.owner} took the rotation. Nobody else can turn this user's key meanwhile.",
        )
        work.save(started_at=work.now())
    room.know_target(work)
    if work.rotation.purpose == Purpose.UNDO.value:
        return undoing.bring_back(work)
    room.take_over(work)
    until = room.make_room(work)
    if until is not None:
        return until
    work.save(state=State.CREATING.value, wait_until=None, wait_code="", error_facts={})
    work.is_ready = True
    return None


def create(work: Work) -> datetime | None:
    """Ask AWS for a new key, exactly once: the intent is committed before, the answer at once after."""
    key = work.key()
    if key is None and not work.is_ready:
        # Another run made it ready, and the strategy may turn another user since.
        work.save(state=State.QUEUED.value)
        return None
    if key is None:
        key = _intend(work)
        created = _ask(work, key)
        _keep(work, key, created)
    elif key.state == KeyState.CREATED.value:
        pass  # the answer was kept, and the worker ended before it could say so
    else:
        _give_up(work, key, AnswerLost("The worker ended"))
    work.save(state=State.VERIFYING.value, good_rounds=0, verify_until=None, tries=0, wait_until=None, wait_code="")
    # AWS knows no key at once: until then the worker serves the next rotation.
    gap_s = work.connection.verify_gap_s
    return work.now() + timedelta(seconds=gap_s) if gap_s else None


def _intend(work: Work) -> AccessKey:
    work.want_unedited()
    step = work.step(StepName.CREATE)
    step.failed = False
    key = AccessKey(
        id=new_id(), project_id=work.rotation.project_id, strategy_id=work.rotation.strategy_id,
        rotation_id=work.rotation.id, state=KeyState.PENDING.value, intent_at=work.now(),
        known_before=work.rotation.listed_keys,
    )  # fmt: skip
    work.session.add(key)
    work.save(access_key_id=key.id, wait_until=None)
    return key


def _ask(work: Work, key: AccessKey) -> CreatedKey:
    """CreateAccessKey. What it raises leaves the key lost, or, after a clear refusal, forgotten."""
    try:
        return work.aws.create_key(work.strategy.user_name)
    except AnswerLost as lost:
        _give_up(work, key, lost)
        raise
    except RotationError as refused:
        work.session.delete(key)
        step = work.step(StepName.CREATE)
        work.note(step, "iam:CreateAccessKey", refused.facts.get("said", refused.code), ok=False)
        work.save(access_key_id=None)
        if refused.code == "two_keys":
            raise room.two_keys(work.strategy, room.at_aws(work), None) from None
        raise
    except Exception as error:  # noqa: BLE001 - any other way to lose an answer is a lost answer
        unforeseen = AnswerLost(type(error).__name__)
        _give_up(work, key, unforeseen)
        raise unforeseen from None


def _give_up(work: Work, key: AccessKey, lost: AnswerLost) -> None:
    """Record that AWS may have made a key that nobody knows; raises `lost` with what helps to find it."""
    work.session.rollback()
    at = key.intent_at
    if key.state in {KeyState.PENDING.value, KeyState.LOST.value}:
        if move(work.session, key.id, KeyState.PENDING, KeyState.LOST, look_at=work.now()):
            record(
                work.session, at=work.now(), actor="worker", action=Action.KEY_LOSE, thing=work.strategy.user_name,
                project_id=work.rotation.project_id, strategy_id=work.rotation.strategy_id, rotation=work.rotation.id,
            )  # fmt: skip
            step = work.step(StepName.CREATE)
            work.note(step, "iam:CreateAccessKey", f"{lost.facts['said']}: the answer is lost", ok=False)
        work.save()
    raise RotationError("answer_lost", **lost.facts, until=at.isoformat(timespec="seconds"))


def _keep(work: Work, key: AccessKey, created: CreatedKey) -> None:
    """Commit AWS's answer, sealed. A database that is locked, full or away doesn't cost it where that goes by."""
    for pause_s in _KEEP_AGAIN_S:
        try:
            _write_answer(work, key, created)
        except DBAPIError as error:
            log.warning("AWS's answer isn't stored yet: %s", type(error.orig).__name__)
            with suppress(DBAPIError):
                work.session.rollback()
            time.sleep(pause_s)
        else:
            return
    _write_answer(work, key, created)


def _write_answer(work: Work, key: AccessKey, created: CreatedKey) -> None:
    """One try at it, which may be the second of one that was done. Nor does a lost lease cost the answer.

    Then the sweep discards the key by its ID.
    """
    session, pair = work.session, created.pair
    sealed = work.tools.sealing_key(key.project_id).seal(pair.secret_access_key.encode(), key.seal_place())
    answer = {
        "access_key_id": pair.access_key_id,
        "secret_access_key": sealed,
        "created_at": created.created_at,
        # Should nothing below be written any more, the sweep finds the key here.
        "look_at": work.now() + work.tools.timing.lease,
    }
    from_states = (KeyState.PENDING, KeyState.LOST)
    if any(move(session, key.id, state, KeyState.CREATED, **answer) for state in from_states):
        record(
            session, at=work.now(), actor="worker", action=Action.KEY_CREATE, thing=pair.access_key_id,
            project_id=key.project_id, strategy_id=key.strategy_id, rotation=work.rotation.id,
        )  # fmt: skip
    session.commit()
    session.refresh(key)
    step = work.step(StepName.CREATE)
    work.note(step, "iam:CreateAccessKey", pair.access_key_id, ok=True, request_id=created.request_id)
    work.end(step, "The new key was stored encrypted as soon as AWS had answered. Nobody reads it yet.")
    look_again(work.session, work.rotation.strategy_id, work.now())


def verify(work: Work) -> datetime | None:
    """Ask every service once with the new key; enough good rounds in a row, spaced, make it fit for publication."""
    key, connection = work.key(), work.connection
    if key is None or key.access_key_id is None:
        raise RotationError("answer_lost", said="The new key's record is gone")
    pair = undoing.pair_of(work, key)
    deadline = work.rotation.verify_until or work.now() + timedelta(seconds=work.tools.timing.verify_within_s)
    work.step(StepName.VERIFY)
    work.save(verify_until=deadline, wait_until=None)
    answers = work.aws.try_key(pair, tuple(connection.verify_services))
    if all(answer.accepted for answer in answers):
        answers += own_key.answers(work, pair)
    good = work.rotation.good_rounds + 1 if all(answer.accepted for answer in answers) else 0
    _note_round(work, answers, good)
    _compare(work, answers, pair.access_key_id)
    if good >= connection.verify_rounds:
        services = ", ".join(service.upper() for service in connection.verify_services)
        work.end(work.step(StepName.VERIFY), f"{services}: {good} right answers in a row, each on a fresh connection.")
        work.save(state=State.PUBLISHING.value, good_rounds=good)
        work.is_verified = True
        return None
    refused = next((answer for answer in answers if not answer.accepted), None)
    if refused is not None and work.now() >= deadline:
        work.save(good_rounds=good)
        code = "no_way_back" if work.rotation.purpose == Purpose.UNDO.value else "key_not_accepted"
        raise RotationError(code, service=refused.service.upper(), said=refused.said, key=pair.access_key_id)
    work.save(good_rounds=good)
    pause_s = connection.verify_gap_s if good else max(1, connection.verify_gap_s)
    return work.now() + timedelta(seconds=pause_s) if pause_s else None


def _note_round(work: Work, answers: list[Answer], good: int) -> None:
    step = work.step(StepName.VERIFY)
    for answer in answers:
        said = f"{answer.said}, {good} in a row" if answer.accepted and good else answer.said
        work.note(step, answer.action, said, ok=answer.accepted, request_id=answer.request_id)


def _compare(work: Work, answers: list[Answer], access_key_id: str) -> None:
    """The new key must answer as the target. Raises `key_of_other_user`."""
    strategy = work.strategy
    for identity in (answer.identity for answer in answers if answer.identity is not None):
        if not _is_target(identity, strategy.account_id, strategy.user_name):
            work.save()
            raise RotationError("key_of_other_user", arn=identity.arn, key=access_key_id)


def _is_target(identity: Identity, account_id: str | None, user_name: str) -> bool:
    return identity.account_id == account_id and identity.user_name == user_name
