"""A strategy's next time, from its schedule, its last publication and the age that its project allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AccessKey, Project, RotationStrategy
from models.access_key import is_current
from models.strategy import Ends, RetireWhen
from rotation.when.schedule import reschedule, shortest_interval

AGE_MARGIN = timedelta(hours=1)
"""So much earlier than the maximum age demands: for verification, and looks at the old key that lie apart."""


def plan_anew(session: Session, strategy: RotationStrategy, now: datetime) -> None:
    """Set the strategy's next time after it, or what decides on it, was changed. Doesn't commit."""
    last = published_at(session, strategy.id) or strategy.created_at
    reschedule(strategy, now, last, turn_by(session, strategy))


def pause(session: Session, strategy: RotationStrategy, by: str, now: datetime, until: datetime | None = None) -> None:
    """Stop the schedule, until a person resumes it or, if given, until a time. The button still rotates."""
    strategy.paused_at, strategy.paused_by, strategy.paused_until = now, by, until
    plan_anew(session, strategy, now)


def resume(session: Session, strategy: RotationStrategy, now: datetime) -> None:
    """Let the schedule go on; a time that has passed meanwhile is made up at once."""
    strategy.paused_at, strategy.paused_by, strategy.paused_until = None, "", None
    plan_anew(session, strategy, now)


def allow_age(session: Session, project: Project, max_key_age_s: int | None, now: datetime) -> None:
    """Set how old the project's keys may get, in seconds, and plan all its strategies anew. Doesn't commit."""
    project.max_key_age_s = max_key_age_s
    session.flush()
    strategies = select(RotationStrategy).where(
        RotationStrategy.project_id == project.id, RotationStrategy.deleting_at.is_(None)
    )
    for strategy in session.scalars(strategies.order_by(RotationStrategy.id).with_for_update()):
        plan_anew(session, strategy, now)


def turn_by(session: Session, strategy: RotationStrategy) -> datetime | None:
    """When the current key has to turn, so that it is gone from AWS before it reaches its project's maximum age.

    None without a maximum age, or without a current key. What is known of a key that was taken over is when.
    """
    max_age_s = session.scalar(select(Project.max_key_age_s).where(Project.id == strategy.project_id))
    born = born_at(session, strategy.id)
    if max_age_s is None or born is None:
        return None
    ends = replace(strategy.ends, watch_s=0) if strategy.can_deactivate is False else strategy.ends
    return born + longest_turn(max_age_s, ends)


def longest_turn(max_age_s: int, ends: Ends) -> timedelta:
    """How old a key may get before its successor is made, so that it is gone within the maximum age.

    Zero or less when there is no room for that. Where an old key goes for the next rotation, each key lives for two
    turns; where only a person ends it, that person has to do so in time.
    """
    if ends.rule is RetireWhen.NEXT:
        return (timedelta(seconds=max_age_s) - AGE_MARGIN) / 2
    return timedelta(seconds=max_age_s) - shortest_interval(ends) - AGE_MARGIN


def published_at(session: Session, strategy_id: int) -> datetime | None:
    """When the strategy's current key was published, or None before its first rotation."""
    return session.scalar(select(AccessKey.published_at).where(is_current(strategy_id)))


def born_at(session: Session, strategy_id: int) -> datetime | None:
    """When AWS made the strategy's current key; for one that was taken over, when it was. None without a key."""
    born = select(AccessKey.created_at, AccessKey.intent_at).where(is_current(strategy_id))
    key = session.execute(born).one_or_none()
    return None if key is None else key.created_at or key.intent_at
