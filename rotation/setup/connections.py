"""Connections: made, checked, given another key, deleted. Nothing here commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crypto import SealingKey
from models import AccessKey, Connection, KeyState, Rotation, RotationStrategy, State
from models.access_key import AT_AWS
from models.base import new_id
from rotation.provider import KeyPair
from rotation.reach import own_key
from rotation.setup.checks import Report, Target
from rotation.when.planning import plan_anew
from rotation.work import OF_ACCESS

WAY = ("region", "role_arn", "endpoint_url", "proxy_url")
"""The columns of a connection that lead to AWS."""
DEFAULT_ROUNDS = 8
"""Good rounds of verification in a row: at one a second, a new key is published too early once in a thousand times."""


class Refused(Exception):  # noqa: N818 - it says what happened
    """What a person asks for can't be. `field` says where the form is wrong, the text says why."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def create_connection(  # noqa: PLR0913 - all by name
    session: Session,
    key: SealingKey,
    *,
    project_id: str,
    name: str,
    manager: KeyPair | None,
    region: str,
    report: Report,
    now: datetime,
    by: str,
    verify_rounds: int = DEFAULT_ROUNDS,
    ways: Mapping[str, str] | None = None,
) -> Connection:
    """Add a connection; an empty `name` becomes the manager's name. Raises Refused when name or key are there.

    Without a `manager` it uses the machine's own credentials. `ways` are its other columns: role, endpoint, proxy.
    """
    others, ways = connections_of(session, project_id), ways or {}
    key_id, role_arn = manager.access_key_id if manager else "", ways.get("role_arn", "")
    twin = next((other for other in others if (other.access_key_id, other.role_arn) == (key_id, role_arn)), None)
    if twin is not None and manager is not None:
        raise Refused("manager_access_key", f"The connection {twin.name} has this key already: choose it instead.")
    connection = Connection(
        id=new_id(),
        project_id=project_id,
        name=name or _free_name(report, {other.name for other in others}),
        access_key_id=key_id,
        region=region,
        verify_rounds=verify_rounds,
        created_at=now,
        key_by=by,
        **ways,
    )
    _want_free(connection.name, others)
    if manager is not None:
        connection.set_secret(key, manager.secret_access_key)
    take_report(connection, report, now)
    session.add(connection)
    _settle_name(session, connection)
    return connection


def connections_of(session: Session, project_id: str) -> list[Connection]:
    """The project's connections, by name."""
    rows = session.scalars(select(Connection).where(Connection.project_id == project_id).order_by(Connection.name))
    return list(rows)


def change_connection(
    session: Session,
    connection: Connection,
    name: str,
    settings: Mapping[str, Any],
    report: Report | None = None,
    now: datetime | None = None,
) -> dict[str, str]:
    """Give the connection another name and settings (columns by name), and return what changed.

    `report`: what AWS said over another way, at `now`; strategies that failed for want of it go on. Raises Refused when
    another connection of the project has the name, or when strategies use the connection and the way leads to another
    account; then roll back.
    """
    users = strategies_of(session, connection.id)
    role_arn = str(settings.get("role_arn", connection.role_arn))
    is_other_role = role_arn != connection.role_arn
    reached = report.identity.account_id if report and report.identity else ""
    account_id = reached or (role_arn.split(":")[4] if is_other_role else "")
    if users and connection.account_id and account_id not in {"", connection.account_id}:
        field, what = ("role_arn", "role") if is_other_role else ("endpoint_url", "way")
        raise Refused(field, _other_account(what, account_id, connection))
    others = connections_of(session, connection.project_id)
    _want_free(name, [other for other in others if other.id != connection.id])
    wanted = {"name": name, **settings}
    changes = {
        field: f"{getattr(connection, field)} to {value}"
        for field, value in wanted.items()
        if getattr(connection, field) != value
    }
    for field, value in wanted.items():
        setattr(connection, field, value)
    _settle_name(session, connection)
    if report and now:
        take_report(connection, report, now)
        _go_on(session, users, now)
    return changes


def facts(connection: Connection) -> dict[str, str]:
    """The connection in words for the audit log."""
    told = {
        "key": connection.access_key_id or "the server's own credentials",
        "role": connection.role_arn,
        "region": connection.region,
        "endpoint": connection.endpoint_url,
        "proxy": connection.proxy_url,
    }
    return {name: text for name, text in told.items() if text}


def replace_key(
    session: Session, key: SealingKey, connection: Connection, manager: KeyPair, report: Report, now: datetime, by: str
) -> None:
    """Give the connection another key, and let strategies that failed for want of it go on.

    Raises Refused when AWS doesn't take the key, or when strategies use the connection and the key is another
    account's: their targets would be other users of the same names.
    """
    users = strategies_of(session, connection.id)
    identity = report.identity
    if identity is None:
        raise Refused(*refusal_of_manager(report))
    if users and connection.account_id not in {"", identity.account_id}:
        raise Refused("manager_access_key", _other_account("key", identity.account_id, connection))
    own = own_key.strategy_of(session, connection.id)
    signer = identity.signer
    if own is not None and signer.user_name != own.user_name:
        raise Refused(
            "manager_access_key",
            f"This key is one of {signer.resource.rpartition('/')[2]}, and a strategy turns this connection's key as "
            f"one of {own.user_name}. Enter a key of {own.user_name}, or delete that strategy first.",
        )
    session.refresh(connection, with_for_update=True)
    if own is not None:
        own_key.follow(session, own, manager.access_key_id, now)
    connection.access_key_id = manager.access_key_id
    connection.set_secret(key, manager.secret_access_key)
    connection.key_since, connection.key_by = now, by
    take_report(connection, report, now)
    _go_on(session, users, now)


def _go_on(session: Session, users: Sequence[RotationStrategy], now: datetime) -> None:
    """Let what failed for want of access be tried anew."""
    for strategy in users:
        if last_failed(session, strategy.id):
            plan_anew(session, strategy, now)
    session.execute(
        update(AccessKey)
        .where(AccessKey.strategy_id.in_([each.id for each in users]), AccessKey.error_code.in_(OF_ACCESS))
        .values(look_at=now)
        .execution_options(synchronize_session=False)
    )


def _other_account(what: str, account_id: str, connection: Connection) -> str:
    return (
        f"This {what} is of account {account_id}; the strategies that use this connection turn users of account "
        f"{connection.account_id}. Make another connection for it."
    )


_FIELDS = {
    "manager_secret_wrong": "manager_secret_key",
    "role_not_assumable": "role_arn",
    "own_not_allowed": "kind",
    "no_own_credentials": "kind",
}


def refusal_of_manager(report: Report) -> tuple[str, str]:
    """The field that is wrong when AWS doesn't take a manager's key, and the sentence for it."""
    found = report.failed[0]
    field = _FIELDS.get(found.code, "manager_access_key")
    return field, f"{found.sentence}. {found.note}"


def take_report(connection: Connection, report: Report, now: datetime) -> None:
    """Keep what a check found, for the connection's page, and whose key AWS says it is."""
    connection.checked_at, connection.check = now, report.rows()
    if report.identity is not None:
        connection.account_id = report.identity.account_id
        connection.manager = report.identity.resource
        connection.assumed_by = report.identity.assumed_by
        connection.worked_at = now
    elif report.caller:
        connection.assumed_by = report.caller


def strategies_of(session: Session, connection_id: str) -> list[RotationStrategy]:
    """The strategies that use the connection, by user name."""
    rows = session.scalars(
        select(RotationStrategy)
        .where(RotationStrategy.connection_id == connection_id)
        .order_by(RotationStrategy.user_name, RotationStrategy.id)
    )
    return list(rows)


def targets_of(session: Session, strategies: Sequence[RotationStrategy]) -> list[Target]:
    """The strategies' users with the keys that AWS holds for them, as a check asks about them."""
    keys = known_keys(session, [strategy.id for strategy in strategies])
    return [
        Target(strategy.user_name, keys.get(strategy.id, ()), itself=strategy.turns_manager) for strategy in strategies
    ]


def known_keys(session: Session, strategy_ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """By strategy, the key IDs that it made or took over and that AWS still holds, the published one first."""
    rows = session.execute(
        select(AccessKey.strategy_id, AccessKey.access_key_id, AccessKey.state)
        .where(
            AccessKey.strategy_id.in_(strategy_ids),
            AccessKey.state.in_([state.value for state in AT_AWS]),
        )
        .order_by(AccessKey.intent_at.desc())
    ).all()
    found: dict[int, tuple[str, ...]] = {}
    for strategy_id, key_id, _ in sorted(rows, key=lambda row: row.state != KeyState.ACTIVE.value):
        found[strategy_id] = (*found.get(strategy_id, ()), key_id or "")
    return found


def is_recorded(session: Session, strategy_id: int, access_key_id: str) -> bool:
    """Whether the strategy made or took over this key, whatever became of it."""
    mine = select(AccessKey.id).where(AccessKey.strategy_id == strategy_id)
    return session.scalar(mine.where(AccessKey.access_key_id == access_key_id).limit(1)) is not None


def last_created(session: Session, connection_id: str) -> tuple[datetime, int] | None:
    """When AWS last made a key over this connection, and by which rotation: what no check can find out."""
    row = session.execute(
        select(AccessKey.created_at, AccessKey.rotation_id)
        .join(RotationStrategy, RotationStrategy.id == AccessKey.strategy_id)
        .where(
            RotationStrategy.connection_id == connection_id,
            AccessKey.created_at.is_not(None),
            AccessKey.rotation_id.is_not(None),
        )
        .order_by(AccessKey.created_at.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row and row[0] and row[1] else None


def last_failed(session: Session, strategy_id: int) -> bool:
    """Whether the strategy's last rotation failed."""
    state = session.scalar(
        select(Rotation.state).where(Rotation.strategy_id == strategy_id).order_by(Rotation.id.desc()).limit(1)
    )
    return state == State.FAILED.value


def _settle_name(session: Session, connection: Connection) -> None:
    name = connection.name
    try:
        session.flush()
    except IntegrityError:  # somebody else took the name a moment ago
        session.rollback()
        raise _taken(name) from None


def _taken(name: str) -> Refused:
    return Refused("connection_name", f"There is a connection {name} in this project already.")


def _want_free(name: str, others: Sequence[Connection]) -> None:
    if any(other.name == name for other in others):
        raise _taken(name)


def _free_name(report: Report, taken: set[str]) -> str:
    """The manager's name as a connection's name, with a number where that is taken."""
    told = report.identity.resource.rpartition("/")[2].lower() if report.identity else ""
    base = "".join(char if char.isascii() and char.isalnum() else "-" for char in told).strip("-")[:60].strip("-")
    base = base or "aws-manager"
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (base, *numbered) if name not in taken)
