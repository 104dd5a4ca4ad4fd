"""What the database says of a project's strategies, in as many statements for a thousand as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from models import AccessKey, Connection, Environment, KeyState, Rotation, RotationStrategy, Secret
from models.copies.copy import failing
from views.shown.picture.mini import MOST_KEYS
from views.shown.picture.spans import LONG_AGO
from views.shown.strategy import Facts

NOT_DELETED = AccessKey.state != literal(KeyState.DELETED.value, literal_execute=True)
"""Spelled out in the statement, for the index of such keys is asked for by these words."""

_OF_STRATEGY = (
    RotationStrategy.id,
    RotationStrategy.user_name,
    RotationStrategy.created_at,
    RotationStrategy.paused_at,
    RotationStrategy.paused_by,
    RotationStrategy.paused_until,
    RotationStrategy.retire_when,
    RotationStrategy.deadline_s,
    RotationStrategy.due_at,
    RotationStrategy.retry_at,
    RotationStrategy.deleting_at,
    Connection.verify_rounds,
    Environment.name.label("environment"),
    Secret.path,
)
_OF_ROTATION = (
    Rotation.id,
    Rotation.strategy_id,
    Rotation.state,
    Rotation.ended_at,
    Rotation.wait_until,
    Rotation.wait_code,
    Rotation.good_rounds,
    Rotation.error_code,
)
_OF_KEY = (
    AccessKey.strategy_id,
    AccessKey.state,
    AccessKey.intent_at,
    AccessKey.replaced_at,
    AccessKey.leaked_at,
    AccessKey.retire_at,
    AccessKey.held_until,
    AccessKey.quiet_at,
    AccessKey.look_at,
    AccessKey.last_used_at,
    AccessKey.ended_by,
    AccessKey.error_code,
    AccessKey.error_facts,
)


def overview(session: Session, project_id: str, strategy_ids: Sequence[int]) -> list[Facts]:
    """The facts of these strategies of the project: parts of rows, for states, counts, order and search."""
    # Written out: there may be more of them than a statement takes values.
    these = RotationStrategy.id.in_(bindparam("these", strategy_ids, expanding=True, literal_execute=True))
    strategies = (
        select(*_OF_STRATEGY)
        .join(Connection, Connection.id == RotationStrategy.connection_id)
        .outerjoin(Secret, Secret.id == RotationStrategy.access_key_secret_id)
        .outerjoin(Environment, Environment.id == Secret.environment_id)
        .where(RotationStrategy.project_id == project_id, these)
    )
    newest = (
        select(*_OF_ROTATION)
        .join(RotationStrategy, Rotation.id == _newest_id())
        .where(RotationStrategy.project_id == project_id, these)
    )
    mine = AccessKey.strategy_id.in_(bindparam("these", strategy_ids, expanding=True, literal_execute=True))
    keys = select(*_OF_KEY).where(AccessKey.project_id == project_id, NOT_DELETED, mine)
    found = (session.execute(strategies), session.execute(newest), session.execute(keys))
    return _facts(*found, session.execute(failing()))


def in_full(session: Session, strategy_ids: Sequence[int]) -> dict[int, Facts]:
    """The facts of these strategies as whole rows, with all that a row of the list shows.

    `keys` holds the newest ones, deleted or not, besides all that aren't deleted.
    """
    strategies = session.scalars(with_places(select(RotationStrategy).where(RotationStrategy.id.in_(strategy_ids))))
    newest = session.scalars(
        select(Rotation)
        .join(RotationStrategy, Rotation.id == _newest_id())
        .where(RotationStrategy.id.in_(strategy_ids))
    )
    recent = session.scalars(
        select(AccessKey)
        .join(RotationStrategy, RotationStrategy.id == AccessKey.strategy_id)
        .where(RotationStrategy.id.in_(strategy_ids), AccessKey.intent_at >= _intent_of(MOST_KEYS))
    ).all()
    left = session.scalars(select(AccessKey).where(AccessKey.strategy_id.in_(strategy_ids), NOT_DELETED))
    keys = {key.id: key for key in (*recent, *left)}
    fails = session.execute(failing())
    ordered = sorted(keys.values(), key=lambda key: key.intent_at, reverse=True)
    return {facts.strategy.id: facts for facts in _facts(strategies, newest, ordered, fails)}


# Made once: SQLAlchemy works the columns of an alias out anew for each that is made.
_PLACES = aliased(Secret), aliased(Secret), aliased(Environment), aliased(Environment)
_NEWEST, _OLDER = aliased(Rotation), aliased(AccessKey)


def with_places(statement: Select[RotationStrategy]) -> Select[RotationStrategy]:
    """The strategies with their connection, and their secrets with their environments, in the same statement."""
    first, second, here, there = _PLACES
    return (
        statement.outerjoin(first, first.id == RotationStrategy.access_key_secret_id)
        .outerjoin(here, here.id == first.environment_id)
        .outerjoin(second, second.id == RotationStrategy.secret_key_secret_id)
        .outerjoin(there, there.id == second.environment_id)
        .options(
            joinedload(RotationStrategy.connection),
            contains_eager(RotationStrategy.access_key_secret.of_type(first)).contains_eager(
                first.environment.of_type(here)
            ),
            contains_eager(RotationStrategy.secret_key_secret.of_type(second)).contains_eager(
                second.environment.of_type(there)
            ),
        )
    )


def _facts(strategies: Iterable[Any], newest: Iterable[Any], keys: Iterable[Any], fails: Iterable[Any]) -> list[Facts]:
    names: defaultdict[int, list[str]] = defaultdict(list)
    for row in fails:
        names[row.strategy_id].append(row.name)
    rotations = {row.strategy_id: row for row in newest}
    keys_of: defaultdict[int, list[Any]] = defaultdict(list)
    for key in keys:
        keys_of[key.strategy_id].append(key)
    return [Facts(row, rotations.get(row.id), keys_of[row.id], names.get(row.id, ())) for row in strategies]


def _newest_id() -> ColumnElement[int]:
    """The id of the strategy's newest rotation, looked up in an index for each strategy."""
    return (
        select(func.max(_NEWEST.id))
        .where(_NEWEST.strategy_id == RotationStrategy.id)
        .correlate(RotationStrategy)
        .scalar_subquery()
    )


def _intent_of(number: int) -> ColumnElement[Any]:
    """When the strategy's newest but `number` key was asked for; long ago when it has fewer."""
    oldest = (
        select(_OLDER.intent_at)
        .where(_OLDER.strategy_id == RotationStrategy.id)
        .order_by(_OLDER.intent_at.desc())
        .limit(1)
        .offset(number - 1)
        .correlate(RotationStrategy)
        .scalar_subquery()
    )
    return func.coalesce(oldest, literal(LONG_AGO, AccessKey.intent_at.type))
