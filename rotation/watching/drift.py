"""Drift: whether the key that programs read still works, and which keys of the target's are none of Keyturn's.

It is looked for once a day, and told; nothing is rotated or deleted for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, RotationStrategy
from models.access_key import recorded_ids
from models.secret import current_values
from rotation.errors import RotationError
from rotation.provider import Answer, KeyPair, ListedKey
from rotation.reach import own_key
from rotation.watching.uses import sample
from rotation.work import Tools

EVERY = timedelta(days=1)

REFUSALS = frozenset(
    {"InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch", "UnrecognizedClientException"}
)
"""AWS's words for a key that it doesn't take; anything else says nothing about the key."""


def look(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime:
    """Try the published key, and note its uses and foreign ones. Returns when to look again.

    Raises `published_key_deleted`, `published_key_inactive`, `published_key_refused`, `published_key_not_targets`, and
    `aws_unreachable` when the answer says nothing about the key.
    """
    listed = tools.aws.list_keys(strategy.user_name)
    if listed is not None:
        note_foreign(tools, strategy, listed)
    sample(tools, key, strategy)  # before our own try, which AWS tells as a use
    pair = _pair(tools, strategy)
    if pair is not None:
        _try(tools, strategy, pair, listed)
    tools.session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id)
        .values(restored_at=None, tried_at=tools.clock.now())
        .execution_options(synchronize_session=False)
    )
    tools.session.commit()
    return tools.clock.now() + EVERY


def look_soon(session: Session, connection_id: str, now: datetime) -> list[tuple[str, int]]:
    """Have the published keys of the connection's strategies tried at once, without committing.

    Returns (id, how often it was looked at) of each.
    """
    of_connection = select(RotationStrategy.id).where(RotationStrategy.connection_id == connection_id)
    chosen = AccessKey.strategy_id.in_(of_connection), AccessKey.state == KeyState.ACTIVE.value
    session.execute(update(AccessKey).where(*chosen).values(look_at=now).execution_options(synchronize_session=False))
    return [(row[0], row[1]) for row in session.execute(select(AccessKey.id, AccessKey.looks).where(*chosen))]


def note_foreign(tools: Tools, strategy: RotationStrategy, listed: list[ListedKey]) -> None:
    """Record the target's keys that Keyturn neither made nor took over, with their last use. Commits."""
    ours = recorded_ids(tools.session, strategy.id)
    tools.session.commit()
    foreign = [_as_fact(tools, key) for key in listed if key.access_key_id not in ours]
    if foreign != strategy.foreign_keys:
        strategy.foreign_keys = foreign
        tools.session.commit()


def _as_fact(tools: Tools, key: ListedKey) -> dict[str, str]:
    """The key as a strategy's row has it."""
    fact = {
        "access_key_id": key.access_key_id,
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "status": "Active" if key.active else "Inactive",
    }
    try:
        use = tools.aws.last_use(key.access_key_id)
    except RotationError:
        return fact
    used_at = "" if use.used_at is None else use.used_at.isoformat(timespec="seconds")
    return {**fact, "used_at": used_at, "service": use.service, "region": use.region}


def _pair(tools: Tools, strategy: RotationStrategy) -> KeyPair | None:
    """What programs read; None when an output secret is gone or empty."""
    if strategy.turns_manager:
        tools.session.refresh(strategy.connection)
        pair = own_key.pair_of(strategy.connection, tools.sealing_key(strategy.project_id))
        tools.session.commit()
        return pair
    first, second = strategy.access_key_secret_id, strategy.secret_key_secret_id
    if first is None or second is None:
        return None
    values = current_values(tools.session, tools.sealing_key(strategy.project_id), [first, second])
    tools.session.commit()
    pair = KeyPair(values[first].decode(errors="replace").strip(), values[second].decode(errors="replace").strip())
    return pair if pair.access_key_id and pair.secret_access_key else None


def _try(tools: Tools, strategy: RotationStrategy, pair: KeyPair, listed: list[ListedKey] | None) -> None:
    answer = _ask(tools, strategy, pair)
    if not answer.accepted and answer.said in REFUSALS:
        answer = _ask(tools, strategy, pair)  # one replica's word is no proof
    facts = {"key": pair.access_key_id, "user": strategy.user_name, "said": answer.said}
    if answer.accepted:
        identity = answer.identity
        if identity and (identity.user_name, identity.account_id) != (strategy.user_name, strategy.account_id):
            raise RotationError("published_key_not_targets", arn=identity.arn, **facts)
        return
    if answer.said not in REFUSALS:
        raise RotationError("aws_unreachable", **facts)
    raise RotationError(_cause(pair, listed), **facts)


def _ask(tools: Tools, strategy: RotationStrategy, pair: KeyPair) -> Answer:
    services = strategy.connection.verify_services
    tools.session.commit()
    return tools.aws.try_key(pair, ("sts" if "sts" in services else services[0],))[0]


def _cause(pair: KeyPair, listed: list[ListedKey] | None) -> str:
    if listed is None:
        return "published_key_refused"
    found = next((key for key in listed if key.access_key_id == pair.access_key_id), None)
    if found is None:
        return "published_key_deleted"
    return "published_key_refused" if found.active else "published_key_inactive"
