"""The manager's own key, turned like any other: its strategy's output is the connection itself.

Keyturn is never locked out by it: the new key is published only once AWS lets it do what the present one may, the
connection's row changes in the transaction of the publication, and no key ends that a connection asks AWS with.

A key that assumes a role is asked about by itself: it is a user's, whatever account the role is in. Several connections
of a project may ask with one key, each by another role: they move together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from crypto import SealingKey
from models import AccessKey, Connection, KeyState, Project, RotationStrategy
from models.access_key import is_current, move
from models.audit import Action, record
from rotation.errors import RotationError
from rotation.provider import Answer, KeyPair, Provider, Role
from rotation.reach.ways import role_of, session_name
from rotation.work import Work

MOST_TARGETS = 20
"""Of how many users the new key is asked whether it may delete their keys: the others' policies are the same."""

_Probe = tuple[str, Callable[[Provider], object]]


def strategy_of(session: Session, connection_id: str) -> RotationStrategy | None:
    """The strategy that turns the connection's own key, if there is one."""
    mine = RotationStrategy.connection_id == connection_id, RotationStrategy.turns_manager
    return session.scalar(select(RotationStrategy).where(*mine))


def turner_of(session: Session, connection: Connection) -> RotationStrategy | None:
    """The strategy that turns the key of this connection: its own, or another's of the project that has the same."""
    if not connection.access_key_id:
        return None
    having = select(Connection.id).where(*_has(connection.project_id, connection.access_key_id))
    turning = RotationStrategy.connection_id.in_(having), RotationStrategy.turns_manager
    return session.scalar(select(RotationStrategy).where(*turning).order_by(RotationStrategy.id).limit(1))


def pair_of(connection: Connection, sealing_key: SealingKey) -> KeyPair:
    """The key that the connection asks AWS with."""
    return KeyPair(connection.access_key_id, connection.open_secret(sealing_key))


def answers(work: Work, pair: KeyPair) -> list[Answer]:
    """What AWS says to the new key in the manager's place, in the last round of its verification.

    The present key is the yardstick: what that one may not do, the new one needn't be able to.
    """
    if not work.strategy.turns_manager or work.rotation.good_rounds + 1 < work.connection.verify_rounds:
        return []
    asked = list(_probes(work))
    work.session.commit()
    present, new = work.aws, work.aws.with_key(pair)
    return [_compare(action, ask, present, new) for action, ask in asked]


def _probes(work: Work) -> Iterator[_Probe]:
    yield "sts:GetCallerIdentity", lambda aws: aws.identify()
    yield "iam:GetAccessKeyLastUsed", lambda aws: aws.may_read_last_use()
    yield "iam:DeleteAccessKey", _may_delete(work.strategy.user_name, None)
    project = work.session.get_one(Project, work.strategy.project_id)
    name = session_name(work.strategy.id, work.rotation.id)
    ways = {each.id: role_of(each, project, name) for each in _that_have(work.session, work.connection)}
    for role in filter(None, ways.values()):
        yield "sts:AssumeRole", _may_assume(role)
    others = RotationStrategy.connection_id.in_(ways), RotationStrategy.turns_manager.is_(False)
    found = select(RotationStrategy).where(*others).order_by(RotationStrategy.id).limit(MOST_TARGETS)
    for strategy in work.session.scalars(found):
        yield "iam:DeleteAccessKey", _may_delete(strategy.user_name, ways[strategy.connection_id])


def _may_assume(role: Role) -> Callable[[Provider], object]:
    return lambda aws: aws.with_role(role).identify()


def _may_delete(user_name: str, role: Role | None) -> Callable[[Provider], object]:
    return lambda aws: aws.with_role(role).may_delete(user_name)


def _has(project_id: str, access_key_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Connection.project_id == project_id, Connection.access_key_id == access_key_id


def _that_have(session: Session, connection: Connection, *, held: bool = False) -> list[Connection]:
    """The project's connections that ask with the same key, this one included, in the order in which they are held."""
    same = select(Connection).where(*_has(connection.project_id, connection.access_key_id)).order_by(Connection.id)
    if held:
        same = same.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(same))


def _compare(action: str, ask: Callable[[Provider], object], present: Provider, new: Provider) -> Answer:
    refusal = _refusal(ask, new)
    if refusal is None:
        return Answer("iam", action, accepted=True, said="as the manager: allowed")
    before = _refusal(ask, present)
    same = before is not None and before.code == refusal.code
    return Answer("iam", action, accepted=same, said=refusal.facts.get("said", refusal.code))


def _refusal(ask: Callable[[Provider], object], aws: Provider) -> RotationError | None:
    try:
        ask(aws)
    except RotationError as error:
        if error.failure.transient:
            raise
        return error
    return None


def hold(work: Work) -> None:
    """Hold the connections until the commit. Raises `interrupted` when a person replaced the key since make_room.

    Before the strategy is held, as who replaces the key does: else two could wait for each other.
    """
    _that_have(work.session, work.connection, held=True)
    work.session.refresh(work.connection, with_for_update=True)
    known = work.published_key()
    if known is None or known.access_key_id != work.connection.access_key_id:
        raise RotationError("interrupted", said="Somebody gave the connection another key meanwhile")


def hand_over(work: Work, new: KeyPair, now: datetime) -> str:
    """Let the connections ask AWS with the new key, in this transaction; returns a sentence about them."""
    before = work.connection.access_key_id
    sealing_key = work.tools.sealing_key(work.connection.project_id)
    having = _that_have(work.session, work.connection, held=True)
    for connection in having:
        connection.access_key_id = new.access_key_id
        connection.set_secret(sealing_key, new.secret_access_key)
        connection.key_since, connection.key_by, connection.worked_at = now, f"rotation {work.rotation.id}", now
        record(
            work.session, at=now, actor="worker", action=Action.CONNECTION_CHANGE, thing=connection.name,
            project_id=connection.project_id, strategy_id=work.strategy.id, key=f"{before} to {new.access_key_id}",
        )  # fmt: skip
    named = " and ".join(sorted(connection.name for connection in having))
    who = f"The connection {named} asks" if len(having) == 1 else f"The connections {named} ask"
    return f"{who} AWS with {new.access_key_id}, proven to be allowed what {before} is."


def follow(session: Session, strategy: RotationStrategy, access_key_id: str, now: datetime) -> None:
    """A person gave the connection another key of the manager's: the one before becomes an old key in its grace.

    The other one is taken over at the next rotation.
    """
    before = session.scalar(select(AccessKey).where(is_current(strategy.id)))
    if before is not None and before.access_key_id != access_key_id:
        retire_at = now + timedelta(seconds=strategy.grace_s)
        move(session, before.id, KeyState.ACTIVE, KeyState.RETIRING, replaced_at=now, retire_at=retire_at, look_at=now)
