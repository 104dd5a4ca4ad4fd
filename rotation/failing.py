"""What follows an error: wait and try again, or fail with the published key as it was."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from models import KeyState, RotationStep, State
from models.audit import Action, record
from models.rotation import BY_HAND
from rotation.ending import retirement
from rotation.errors import RotationError
from rotation.telling.events import tell_failure
from rotation.when import schedule
from rotation.work import OF_ACCESS, Work

MAX_TRIES = 8
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 10, 20, 40, 80, 160, 300))
"""Pauses after a transient error, one for each try."""


def fail_or_wait(work: Work, error: RotationError) -> datetime | None:
    """Record the error. Returns until when the rotation waits, or None when it has failed for good."""
    if error.code in OF_ACCESS and work.reaches_otherwise():
        work.save(wait_code="", error_facts={})
        return work.now()  # by what the connection has now
    facts = work.facts(error)
    tries = work.rotation.tries + 1
    if error.failure.transient and tries < MAX_TRIES:
        until = work.now() + PAUSES[tries - 1]
        facts["tries"] = f"{tries} of {MAX_TRIES}"
        work.save(tries=tries, wait_code=error.code, error_facts=facts)
        return until
    _fail(work, error, facts)
    return None


def _fail(work: Work, error: RotationError, facts: dict[str, str]) -> None:
    now, rotation, strategy = work.now(), work.rotation, work.strategy
    for step in work.session.scalars(
        select(RotationStep).where(RotationStep.rotation_id == rotation.id, RotationStep.ended_at.is_(None))
    ):
        step.ended_at, step.failed, step.summary = now, True, error.failure.label
    if rotation.trigger not in BY_HAND and _worth_a_retry(work, error):
        strategy.retry_at = schedule.retry_at(strategy, now)
        strategy.retries += 1
    key = work.key()
    made = key is not None and key.state == KeyState.CREATED.value
    if key is not None and made:
        key.look_at = now
    record(
        work.session, at=now, actor="worker", action=Action.ROTATION_FAIL, thing=strategy.user_name,
        project_id=strategy.project_id, strategy_id=strategy.id, rotation=rotation.id, code=error.code,
    )  # fmt: skip
    tell_failure(work, error, facts)
    work.save(
        release=True, state=State.FAILED.value, ended_at=now, wait_until=None, wait_code="", error_code=error.code,
        error_facts=facts,
    )  # fmt: skip
    if key is not None and made:
        # Nobody reads it; while it lives it takes the place of the next one.
        retirement.look_at_once(work.tools, key)


def _worth_a_retry(work: Work, error: RotationError) -> bool:
    """Whether trying again later can help without a person."""
    if error.code == "answer_lost":
        # The lost key is found and deleted by itself where the manager may list the user's keys.
        return work.rotation.listed_keys is not None
    return error.failure.retryable
