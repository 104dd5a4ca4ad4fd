"""Setting up the strategy of a manager's own key. Nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError

from models import Action, Connection, Ends, RotationStrategy
from models.schedule import Schedule
from models.strategy import lock_strategy
from rotation.setup.checks import Report
from rotation.setup.connections import Refused, last_failed, refusal_of_manager
from rotation.setup.strategies import Setup, facts
from rotation.when.planning import plan_anew


@dataclass(frozen=True)
class Turns:
    """When the key turns, and how the old one ends."""

    schedule: Schedule | None
    ends: Ends


def turn_too(setup: Setup, connection: Connection, turns: Turns, report: Report) -> RotationStrategy:
    """Have the manager's own key turned; `report` is what a check of the key itself found.

    Raises Refused when the connection has no key of a user's own, or a strategy turns it already; then roll back.
    """
    identity = report.identity
    if identity is None:
        raise Refused("interval", refusal_of_manager(report)[1])
    if not connection.access_key_id or not identity.user_name:
        raise Refused("interval", "Only the access key of an IAM user can turn: this connection has none.")
    strategy = RotationStrategy(
        project_id=connection.project_id, connection=connection, turns_manager=True, created_at=setup.now,
        created_by=setup.by, user_path=identity.resource.removeprefix("user").removesuffix(identity.user_name),
    )  # fmt: skip
    _fill(strategy, turns)
    strategy.set_target(identity.user_name, identity.account_id)
    setup.session.add(strategy)
    try:
        setup.session.flush()
    except IntegrityError:
        setup.session.rollback()
        raise Refused("interval", f"Another strategy turns the key of {identity.user_name} already.") from None
    plan_anew(setup.session, strategy, setup.now)
    _record(setup, Action.STRATEGY_CREATE, strategy, facts(strategy))
    return strategy


def change_turning(setup: Setup, strategy: RotationStrategy, turns: Turns) -> None:
    """Turn the manager's own key by this schedule from now on. Raises Refused when the strategy is gone."""
    if not lock_strategy(setup.session, strategy) or strategy.deleting_at is not None:
        raise Refused("interval", "Somebody has deleted this strategy meanwhile.")
    before = facts(strategy)
    _fill(strategy, turns)
    after = facts(strategy)
    changes = {name: f"{before[name]} to {after[name]}" for name in after if after[name] != before[name]}
    if changes or last_failed(setup.session, strategy.id):
        plan_anew(setup.session, strategy, setup.now)
    if changes:
        _record(setup, Action.STRATEGY_CHANGE, strategy, changes)


def _fill(strategy: RotationStrategy, turns: Turns) -> None:
    strategy.schedule = turns.schedule
    strategy.ends = turns.ends


def _record(setup: Setup, action: Action, strategy: RotationStrategy, told: dict[str, Any]) -> None:
    setup.record(action, strategy.user_name, project_id=strategy.project_id, strategy_id=strategy.id, **told)
