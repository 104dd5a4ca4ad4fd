"""Setting a strategy up: its connection, its secrets and itself in one transaction. Nothing here commits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crypto import SealingKey
from models import AccessKey, Action, Connection, Ends, Environment, KeyState, RotationStrategy, Secret
from models.access_key import AT_AWS
from models.schedule import Schedule
from models.strategy import lock_strategy
from models.vault.adding import NameTakenError, NewSecret, add_secrets
from models.vault.writers import writer_of
from rotation.outputs.writing import move_outputs
from rotation.provider import KeyPair
from rotation.setup import connections
from rotation.setup.checks import Report
from rotation.setup.connections import DEFAULT_ROUNDS, Refused, connections_of, create_connection, last_failed
from rotation.when.planning import plan_anew

Record = Callable[..., None]
"""Adds an entry to the audit log: `record(action, thing, **facts)`."""


@dataclass(frozen=True)
class NewConnection:
    """A connection to be made. An empty name becomes the manager's user name."""

    name: str
    manager: KeyPair
    region: str
    verify_rounds: int = DEFAULT_ROUNDS


@dataclass(frozen=True)
class SmtpPlan:
    """The SES SMTP credentials that are to be written with the pair: for which region, and where."""

    region: str
    user: Secret | NewSecret
    password: Secret | NewSecret


@dataclass(frozen=True)
class Plan:
    """What a strategy is to be: the form's content, proven right as far as the form alone can tell."""

    connection: Connection | NewConnection
    user_name: str
    user_path: str
    environment: Environment
    path: str
    access_key: Secret | NewSecret
    secret_key: Secret | NewSecret
    existing_key_id: str
    schedule: Schedule | None
    ends: Ends
    smtp: SmtpPlan | None = None


@dataclass(frozen=True)
class Setup:
    """Who sets up, when, and with what: the collaborators of this module's functions."""

    session: Session
    key: SealingKey
    now: datetime
    by: str
    record: Record


class TargetTaken(Refused):
    """Another strategy turns the same user's key; `project_id` says whose."""

    def __init__(self, other: RotationStrategy) -> None:
        super().__init__("iam_username", f"Another strategy turns the key of {other.user_name} already.")
        self.project_id = other.project_id


def create_strategy(setup: Setup, plan: Plan, report: Report) -> RotationStrategy:
    """Add the strategy that `plan` describes, and what it needs. Raises Refused; then roll back."""
    connection = _connection(setup, plan, report)
    strategy = RotationStrategy(
        project_id=plan.environment.project_id,
        connection=connection,
        created_at=setup.now,
        created_by=setup.by,
    )
    _fill(setup, strategy, plan)
    _note_permission(strategy, report)
    _aim(setup, strategy, plan.user_name, _account(connection, report))
    setup.session.add(strategy)
    _settle(setup, strategy)
    plan_anew(setup.session, strategy, setup.now)
    setup.record(
        Action.STRATEGY_CREATE,
        plan.user_name,
        project_id=strategy.project_id,
        strategy_id=strategy.id,
        **facts(strategy),
    )
    return strategy


def change_strategy(setup: Setup, strategy: RotationStrategy, plan: Plan, report: Report) -> dict[str, Any]:
    """Make the strategy what `plan` says, at once, and return what changed. Raises Refused; then roll back.

    A changed interval moves the next time; one that failed last is tried anew. The pair that programs read moves along
    to other output secrets.
    """
    # A worker that is about to make a key holds it too: either it sees this change, or its intent is seen here.
    if not lock_strategy(setup.session, strategy) or strategy.deleting_at is not None:
        raise Refused("iam_username", "Somebody has deleted this strategy meanwhile.")
    before, turns = facts(strategy), _turns(strategy)
    connection = _connection(setup, plan, report)
    account_id = _account(connection, report) or strategy.account_id
    _keep_target(setup, strategy, plan, account_id)
    old = strategy.outputs, strategy.smtp_region
    strategy.connection = connection
    _fill(setup, strategy, plan)
    _note_permission(strategy, report)
    _aim(setup, strategy, plan.user_name, account_id)
    _settle(setup, strategy)
    if has_keys(setup.session, strategy.id):
        move_outputs(setup.session, setup.key, strategy, *old, now=setup.now, by=setup.by)
    if _turns(strategy) != turns or last_failed(setup.session, strategy.id):
        plan_anew(setup.session, strategy, setup.now)
    after = facts(strategy)
    changes = {name: f"{before[name]} to {after[name]}" for name in after if after[name] != before[name]}
    if changes:
        setup.record(
            Action.STRATEGY_CHANGE, plan.user_name, project_id=strategy.project_id, strategy_id=strategy.id, **changes
        )
    return changes


def facts(strategy: RotationStrategy) -> dict[str, Any]:
    """The strategy in words for the audit log."""
    names = [f"{secret.place} {secret.name}" if secret else "none" for secret in strategy.outputs]
    pair, smtp = names[:2], names[2:]
    return {
        "connection": strategy.connection.name,
        "user": strategy.user_name,
        "iam_path": strategy.user_path,
        "outputs": " and ".join(pair) or "the connection",
        "smtp": f"{strategy.smtp_region}: {' and '.join(smtp)}" if smtp else "none",
        "existing_key": strategy.existing_key_id or "none",
        "interval_s": strategy.interval_s or "none",
        "cron": strategy.cron or "none",
        "time_zone": strategy.time_zone,
        "window": str(strategy.schedule.window if strategy.schedule and strategy.schedule.window else "none"),
        "spread_s": strategy.spread_s,
        "grace_s": strategy.grace_s,
        "retire_when": strategy.retire_when,
        "quiet_s": strategy.quiet_s,
        "deadline_s": strategy.deadline_s,
        "watch_s": strategy.watch_s,
    }


def has_keys(session: Session, strategy_id: int) -> bool:
    """Whether AWS holds, or may hold, keys of the strategy's."""
    states = [*AT_AWS, KeyState.PENDING, KeyState.LOST]
    found = session.scalar(
        select(AccessKey.id)
        .where(AccessKey.strategy_id == strategy_id, AccessKey.state.in_([state.value for state in states]))
        .limit(1)
    )
    return found is not None


def _turns(strategy: RotationStrategy) -> tuple[object, ...]:
    """What decides on the next time."""
    return strategy.schedule, strategy.ends


def _connection(setup: Setup, plan: Plan, report: Report) -> Connection:
    if isinstance(plan.connection, Connection):
        return plan.connection
    new, project_id = plan.connection, plan.environment.project_id
    same = next(
        (
            each
            for each in connections_of(setup.session, project_id)
            if (each.access_key_id, each.region, each.role_arn) == (new.manager.access_key_id, new.region, "")
        ),
        None,
    )
    if same and report.identity and not new.name:  # AWS took the pair: it is the one that is stored
        return same
    made = create_connection(
        setup.session,
        setup.key,
        project_id=project_id,
        name=new.name,
        manager=new.manager,
        region=new.region,
        report=report,
        now=setup.now,
        by=setup.by,
        verify_rounds=new.verify_rounds,
    )
    setup.record(Action.CONNECTION_CREATE, made.name, project_id=made.project_id, **connections.facts(made))
    return made


def _account(connection: Connection, report: Report) -> str | None:
    return report.identity.account_id if report.identity else connection.account_id or None


def _note_permission(strategy: RotationStrategy, report: Report) -> None:
    """Keep what AWS has just said of UpdateAccessKey: the next key that ends is tried all the same."""
    if report.may_deactivate is not None:
        strategy.can_deactivate = report.may_deactivate


def _fill(setup: Setup, strategy: RotationStrategy, plan: Plan) -> None:
    # All are there before any is set: a strategy never writes one secret twice, not even between two flushes.
    access_key = _output(setup, strategy, plan, plan.access_key, "access_key")
    secret_key = _output(setup, strategy, plan, plan.secret_key, "secret_key")
    smtp = plan.smtp
    smtp_user = _output(setup, strategy, plan, smtp.user, "smtp_user") if smtp else None
    smtp_password = _output(setup, strategy, plan, smtp.password, "smtp_password") if smtp else None
    strategy.access_key_secret, strategy.secret_key_secret = access_key, secret_key
    strategy.smtp_region = smtp.region if smtp else ""
    strategy.smtp_user_secret, strategy.smtp_password_secret = smtp_user, smtp_password
    strategy.user_path = plan.user_path
    strategy.existing_key_id = plan.existing_key_id
    strategy.schedule = plan.schedule
    strategy.ends = plan.ends


def _output(setup: Setup, strategy: RotationStrategy, plan: Plan, wanted: Secret | NewSecret, role: str) -> Secret:
    """The secret that is wanted, made if it is new. `role` begins the names of its fields."""
    there = wanted if isinstance(wanted, Secret) else _find_secret(setup.session, plan, wanted.name)
    writer = writer_of(setup.session, there.id) if there else None
    if writer is not None and writer.id != strategy.id:
        sentence = f"The strategy of {writer.user_name} writes {wanted.name} already. Choose another secret."
        raise Refused(f"{role}_secret", sentence)
    if isinstance(wanted, Secret):
        return wanted
    try:
        (made,) = add_secrets(
            setup.session,
            setup.key,
            [wanted],
            environment=plan.environment,
            path=plan.path,
            now=setup.now,
            author=setup.by,
        )
    except NameTakenError as taken:
        sentence = f"There is a secret {wanted.name} in {taken.place} already: choose it in the list."
        raise Refused(f"{role}_name", sentence) from None
    setup.record(
        Action.SECRET_CREATE, f"{made.place} {made.name}", project_id=plan.environment.project_id, secret_id=made.id
    )
    return made


def _find_secret(session: Session, plan: Plan, name: str) -> Secret | None:
    return session.scalar(
        select(Secret).where(
            Secret.environment_id == plan.environment.id, Secret.path == plan.path, Secret.name == name
        )
    )


def _aim(setup: Setup, strategy: RotationStrategy, user_name: str, account_id: str | None) -> None:
    strategy.set_target(user_name, account_id)
    with setup.session.no_autoflush:
        other = _same_target(setup.session, strategy.target)
    if other is not None and other.id != strategy.id:
        raise TargetTaken(other)


def _same_target(session: Session, target: str | None) -> RotationStrategy | None:
    return session.scalar(select(RotationStrategy).where(RotationStrategy.target == target)) if target else None


def _settle(setup: Setup, strategy: RotationStrategy) -> None:
    """Write it, and say whose it was when another request took the target or a secret a moment ago."""
    target = strategy.target
    try:
        setup.session.flush()
    except IntegrityError:
        setup.session.rollback()
        other = _same_target(setup.session, target)
        if other is not None:
            raise TargetTaken(other) from None
        raise Refused("access_key_secret", "Another strategy has taken one of the secrets. Choose again.") from None


def _keep_target(setup: Setup, strategy: RotationStrategy, plan: Plan, account_id: str | None) -> None:
    """A strategy's keys belong to its user: while AWS holds any, the user stays."""
    moved = plan.user_name != strategy.user_name
    other_account = strategy.account_id is not None and account_id != strategy.account_id
    if not (moved or other_account) or not has_keys(setup.session, strategy.id):
        return
    if moved:
        raise Refused(
            "iam_username",
            f"The keys of this strategy belong to {strategy.user_name}. Make another strategy for {plan.user_name}, "
            "or delete this one first.",
        )
    raise Refused(
        "connection",
        f"The keys of this strategy belong to {strategy.user_name} in account {strategy.account_id}; this manager is "
        f"of account {account_id}.",
    )
