"""The manager's own key, turned like any other: its strategy's output is the connection itself.

Keyturn is never locked out by it: the new key is published only once AWS lets it do what the present one may, the
connection's row changes in the transaction of the publication, and no key ends that a connection asks AWS with.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import SealingKey
from models import AccessKey, Connection, KeyState, RotationStrategy
from models.access_key import is_current, move
from models.audit import Action, record
from rotation.errors import RotationError
from rotation.provider import Answer, KeyPair, Provider
from rotation.work import Work

MOST_TARGETS = 20
"""Of how many users the new key is asked whether it may delete their keys: the others' policies are the same."""


def strategy_of(session: Session, connection_id: str) -> RotationStrategy | None:
    """The strategy that turns the connection's own key, if there is one."""
    mine = RotationStrategy.connection_id == connection_id, RotationStrategy.turns_manager
    return session.scalar(select(RotationStrategy).where(*mine))


def pair_of(connection: Connection, sealing_key: SealingKey) -> KeyPair:
    """The key that the connection asks AWS with."""
    return KeyPair(connection.access_key_id, connection.open_secret(sealing_key))


def answers(work: Work, pair: KeyPair) -> list[Answer]:
    """What AWS says to the new key in the manager's place, in the last round of its verification.

    The present key is the yardstick: what that one may not do, the new one needn't be able to.
    """
    if not work.strategy.turns_manager or work.rotation.good_rounds + 1 < work.connection.verify_rounds:
        return []
    present, new = work.aws, work.aws.with_key(pair)
    return [_compare(action, ask, present, new) for action, ask in _probes(_targets(work))]


def _targets(work: Work) -> list[str]:
    names = select(RotationStrategy.user_name).where(RotationStrategy.connection_id == work.connection.id)
    found = list(work.session.scalars(names.order_by(RotationStrategy.id).limit(MOST_TARGETS)))
    work.session.commit()
    return found


def _probes(user_names: list[str]) -> list[tuple[str, Callable[[Provider], object]]]:
    return [
        ("sts:GetCallerIdentity", lambda aws: aws.identify()),
        ("iam:GetAccessKeyLastUsed", lambda aws: aws.may_read_last_use()),
        *(("iam:DeleteAccessKey", _may_delete(name)) for name in user_names),
    ]


def _may_delete(user_name: str) -> Callable[[Provider], object]:
    return lambda aws: aws.may_delete(user_name)


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
    """Hold the connection until the commit. Raises `interrupted` when a person gave it another key since make_room.

    Before the strategy is held, as who replaces the key does: else two could wait for each other.
    """
    work.session.refresh(work.connection, with_for_update=True)
    known = work.published_key()
    if known is None or known.access_key_id != work.connection.access_key_id:
        raise RotationError("interrupted", said="Somebody gave the connection another key meanwhile")


def hand_over(work: Work, new: KeyPair, now: datetime) -> str:
    """Let the connection ask AWS with the new key, in this transaction; returns a sentence about it."""
    connection, before = work.connection, work.connection.access_key_id
    sealing_key = work.tools.sealing_key(connection.project_id)
    connection.access_key_id = new.access_key_id
    connection.set_secret(sealing_key, new.secret_access_key)
    connection.key_since, connection.key_by, connection.worked_at = now, f"rotation {work.rotation.id}", now
    record(
        work.session, at=now, actor="worker", action=Action.CONNECTION_CHANGE, thing=connection.name,
        project_id=connection.project_id, strategy_id=work.strategy.id, key=f"{before} to {new.access_key_id}",
    )  # fmt: skip
    return f"The connection {connection.name} asks AWS with {new.access_key_id}, proven to be allowed what {before} is."


def follow(session: Session, strategy: RotationStrategy, access_key_id: str, now: datetime) -> None:
    """A person gave the connection another key of the manager's: the one before becomes an old key in its grace.

    The other one is taken over at the next rotation.
    """
    before = session.scalar(select(AccessKey).where(is_current(strategy.id)))
    if before is not None and before.access_key_id != access_key_id:
        retire_at = now + timedelta(seconds=strategy.grace_s)
        move(session, before.id, KeyState.ACTIVE, KeyState.RETIRING, replaced_at=now, retire_at=retire_at, look_at=now)
