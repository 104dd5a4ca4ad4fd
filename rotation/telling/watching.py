"""What becomes so by the mere passing of time, found by the sweep: due soon, too old, still wrong, at a standstill."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from models import AccessKey, Alert, KeyState, Kind, Project, Rotation, RotationStrategy, State
from models.access_key import AT_AWS
from models.base import stamp
from models.heartbeat import Heartbeat, beat
from models.telling.alerts import AGAIN, raise_alert
from models.telling.outbox import Audience, tell
from rotation.telling.failures import told_of

EVERY = timedelta(minutes=1)
SOON = timedelta(days=1)
_SELDOM = timedelta(days=6)
"""Nobody is told of each turn of a strategy that turns more often than once a week."""
_WATCH = "watch"
_DAY_S = 86_400


def watch(session: Session, now: datetime, most: int) -> None:
    """Tell what is so by now and wasn't told within the last day; once a minute at most. Doesn't commit."""
    if not _is_time(session, now):
        return
    _tell_running(session, now)
    _tell_due(session, now, most)
    _tell_old(session, now, most)
    _tell_still_failing(session, now, most)


def tell_stopped(session: Session, part: str, since: datetime, now: datetime) -> None:
    """Tell every project that no `part` (worker, scheduler) lives, once a day. Doesn't commit."""
    for project_id in session.scalars(select(Project.id)).all():
        if raise_alert(session, Kind.STOPPED, part, now, project_id=project_id, strategy_id=None):
            tell(session, Kind.STOPPED, now, project_id=project_id, part=part, since=stamp(since))


def _is_time(session: Session, now: datetime) -> bool:
    """Whether a minute has passed; of many sweeps at once one finds so."""
    last = session.scalar(select(Heartbeat.at).where(Heartbeat.name == _WATCH))
    if last is None:
        beat(session, _WATCH, now)
        return True
    mine = update(Heartbeat).where(Heartbeat.name == _WATCH, Heartbeat.at <= now - EVERY).values(at=now)
    return bool(session.execute(mine.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


def _tell_running(session: Session, now: datetime) -> None:
    """A sweep runs: so there are a scheduler and a worker."""
    mine = delete(Alert).where(Alert.kind == Kind.STOPPED.value).returning(Alert.project_id, Alert.subject)
    for project_id, part in session.execute(mine.execution_options(synchronize_session=False)).all():
        tell(session, Kind.STOPPED, now, project_id=project_id, audience=Audience.PEOPLE, part=part, mended=True)


def _tell_due(session: Session, now: datetime, most: int) -> None:
    was_long_ago = select(AccessKey.id).where(
        AccessKey.strategy_id == RotationStrategy.id, AccessKey.state == KeyState.ACTIVE.value,
        AccessKey.published_at <= now - _SELDOM,
    )  # fmt: skip
    told = select(Alert.id).where(
        Alert.kind == Kind.ROTATION_DUE.value, Alert.strategy_id == RotationStrategy.id, Alert.told_at > now - AGAIN
    )
    due = select(RotationStrategy).where(
        RotationStrategy.due_at > now, RotationStrategy.due_at <= now + SOON, RotationStrategy.paused_at.is_(None),
        RotationStrategy.deleting_at.is_(None), was_long_ago.exists(),
        ~told.exists(),
    )  # fmt: skip
    for strategy in session.scalars(due.order_by(RotationStrategy.due_at).limit(most)).all():
        project_id, subject = strategy.project_id, str(strategy.id)
        if raise_alert(session, Kind.ROTATION_DUE, subject, now, project_id=project_id, strategy_id=strategy.id) and (
            due_at := strategy.due_at
        ):
            tell(session, Kind.ROTATION_DUE, now, project_id=project_id, strategy=strategy, due_at=stamp(due_at))


def _tell_old(session: Session, now: datetime, most: int) -> None:
    limits = session.execute(select(Project.id, Project.max_key_age_s).where(Project.max_key_age_s.is_not(None))).all()
    allowed = {project_id: age_s for project_id, age_s in limits if age_s is not None}
    if not allowed:
        return
    too_old = or_(
        *(
            and_(AccessKey.project_id == project_id, AccessKey.created_at < now - timedelta(seconds=age_s))
            for project_id, age_s in allowed.items()
        )
    )
    told = select(Alert.id).where(
        Alert.kind == Kind.KEY_OLD.value, Alert.subject == AccessKey.id, Alert.told_at > now - AGAIN
    )
    keys = (
        select(AccessKey, RotationStrategy)
        .join(RotationStrategy, RotationStrategy.id == AccessKey.strategy_id)
        .where(AccessKey.state.in_([state.value for state in AT_AWS]), too_old, ~told.exists())
        .order_by(AccessKey.created_at)
        .limit(most)
    )
    for key, strategy in session.execute(keys).all():
        if raise_alert(
            session, Kind.KEY_OLD, key.id, now, project_id=key.project_id, strategy_id=strategy.id
        ):  # fmt: skip
            tell(
                session, Kind.KEY_OLD, now, project_id=key.project_id, strategy=strategy,
                key={"access_key_id": key.access_key_id, "created_at": stamp(key.created_at) if key.created_at else ""},
                allowed_days=allowed[key.project_id] // _DAY_S,
            )  # fmt: skip


def _tell_still_failing(session: Session, now: datetime, most: int) -> None:
    """People are reminded each day of what rests until somebody mends it."""
    failing = (
        select(Alert)
        .where(Alert.kind == Kind.ROTATION_FAILED.value, Alert.told_at <= now - AGAIN, Alert.strategy_id.is_not(None))
        .order_by(Alert.told_at)
        .limit(most)
    )
    # Each with a question of its own: joined, a database without statistics of alerts may read all strategies first.
    for alert in session.scalars(failing).all():
        strategy = session.get_one(RotationStrategy, alert.strategy_id)
        failed = Rotation.strategy_id == alert.strategy_id, Rotation.state == State.FAILED.value
        rotation = session.scalar(select(Rotation).where(*failed).order_by(Rotation.id.desc()).limit(1))
        if rotation is None:
            continue
        alert.told_at = now
        tell(
            session, Kind.ROTATION_FAILED, now, project_id=alert.project_id, strategy=strategy,
            audience=Audience.PEOPLE, since=stamp(alert.began_at), rotation={"id": rotation.id},
            failure=told_of(rotation.error_code, rotation.error_facts),
        )  # fmt: skip
