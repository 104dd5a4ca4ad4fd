"""A key whose answer never came: found by listing, where that is permitted, and deleted; else a person is asked.

Without listing it is ruled out where Keyturn's own keys leave no place for it. Where nothing else helps, a person who
has looked at AWS says that it is cleared up; so with any other key that Keyturn can't end by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, RotationStrategy
from models.access_key import AT_AWS, move, recorded_ids
from models.audit import Action, record
from rotation.ending.at_aws import ask_to_deactivate
from rotation.errors import RotationError
from rotation.failures import FAILURES
from rotation.provider import ListedKey
from rotation.requests import wake_waiting
from rotation.work import Tools

LATE = timedelta(minutes=15)
"""How long after the intent a request whose answer was lost may still be carried out."""

SKEW = timedelta(minutes=5)
"""How far AWS's clock and ours may be apart."""

WRONG_CLOCK = timedelta(days=1)
"""A key that is new and this near may be the lost one all the same, if a clock is wrong: a person decides."""

PAUSE = timedelta(minutes=1)

_OVER: dict[str, Any] = {"look_at": None, "error_code": "", "error_facts": {}}

_MUST_LIVE = frozenset({"key_is_published", "key_in_connection", "copy_behind"})
"""What keeps a key from ending while somebody needs it: no person can have deleted it and all be well."""


def search(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    """Find the lost key among the target's and delete it, or rule it out.

    Returns when to look again, or None when nothing is left to do. It is the one that is new, unknown to us,
    made within the intent's time and never used. Anything less certain raises `answer_lost`, which asks a person.
    """
    listed = _listed(tools, strategy)
    if listed is None:
        if _leaves_no_place(tools, key, strategy):
            _forget(tools, key)
        return None
    newcomers = _newcomers(tools, key, listed)
    candidates = [row for row in newcomers if key.intent_at - SKEW <= row.created_at <= settled_at(key) + SKEW]
    if len(candidates) > 1:
        raise _ask_a_person(key, f"{len(candidates)} keys fit")
    if candidates and key.known_before is None:
        raise _ask_a_person(key, f"{candidates[0].access_key_id} fits, but may be somebody else's")
    if candidates:
        _delete(tools, key, strategy, candidates[0])
        return None
    if tools.clock.now() < settled_at(key):
        return tools.clock.now() + PAUSE
    if newcomers:
        made = newcomers[0].created_at.isoformat(timespec="seconds")
        said = f"{newcomers[0].access_key_id} is new, though made at {made} by AWS's clock"
        raise _ask_a_person(key, said)
    _forget(tools, key)
    return None


def settled_at(key: AccessKey) -> datetime:
    """From when on AWS makes the lost key no more, if it hasn't made it by then."""
    return key.intent_at + LATE


def look_again(session: Session, strategy_id: int, now: datetime) -> None:
    """A key was made since: have lost ones looked at that it may rule out, without committing."""
    session.execute(
        update(AccessKey)
        .where(
            AccessKey.strategy_id == strategy_id, AccessKey.state == KeyState.LOST.value, AccessKey.look_at.is_(None)
        )
        .values(look_at=now)
        .execution_options(synchronize_session=False)
    )


def needs_a_person(key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether Keyturn can't end the key by itself, so that a person may look at AWS and clear it up."""
    stuck = bool(key.error_code) and not FAILURES[key.error_code].transient and key.error_code not in _MUST_LIVE
    if key.state == KeyState.LOST.value:
        return stuck or key.look_at is None
    if key.state == KeyState.ACTIVE.value:
        return stuck and strategy.deleting_at is not None and bool(key.ended_by)
    return stuck and key.state != KeyState.DELETED.value


def clear_up(
    session: Session,
    key: AccessKey,
    strategy: RotationStrategy,
    *,
    by: str,
    now: datetime,
    actor_id: int | None = None,
    address: str = "",
) -> bool:
    """Take a person's word that AWS hasn't the key any more, without committing.

    False, and nothing written, when Keyturn can find out by itself or AWS may still make the key.
    """
    is_lost = key.state == KeyState.LOST.value
    if not needs_a_person(key, strategy) or (is_lost and now < settled_at(key)):
        return False
    cleared = move(
        session, key.id, KeyState(key.state), KeyState.DELETED, deleted_at=now, secret_access_key=None, look_at=None,
        ended_by=by, error_code="", error_facts={},
    )  # fmt: skip
    if cleared:
        record(
            session, at=now, actor=by, actor_id=actor_id, address=address, action=Action.KEY_CLEAR_UP,
            thing=key.access_key_id or strategy.user_name, project_id=key.project_id, strategy_id=key.strategy_id,
            intended=key.intent_at.isoformat(timespec="seconds"), why=key.error_code or "answer_lost",
        )  # fmt: skip
        wake_waiting(session, key.strategy_id, now)
    return cleared


def _listed(tools: Tools, strategy: RotationStrategy) -> list[ListedKey] | None:
    """The target's keys; None where they can't be listed, or are those of another account's user of that name."""
    listed = tools.aws.list_keys(strategy.user_name)
    if listed is None or tools.aws.identify().account_id != strategy.account_id:
        return None
    return listed


def _newcomers(tools: Tools, key: AccessKey, listed: list[ListedKey]) -> list[ListedKey]:
    """The keys that could be the lost one if a clock is wrong, be it by hours."""
    ours = recorded_ids(tools.session, key.strategy_id)
    tools.session.commit()
    before = set(key.known_before or ())
    return [
        row
        for row in listed
        if row.access_key_id not in ours
        and row.access_key_id not in before
        and abs(row.created_at - key.intent_at) <= WRONG_CLOCK
    ]


def _leaves_no_place(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether AWS can't hold the lost key, proven without listing.

    Proof: Keyturn's newest key was made when the lost one was either there or would never be, and an older key of
    ours, which AWS still names the target's now, was there then. IAM gives a user with one key another, and a user with
    two none: so the lost one wasn't there. What our records alone say proves nothing: others may have deleted the older
    key, and the lost one taken its place. Nor does a key that was asked for while the lost one could still be made: IAM
    doesn't keep its limit among requests at the same time.
    """
    made = _newest_made(tools, key)
    if made is None:
        return False
    older = tools.session.scalars(
        select(AccessKey.access_key_id).where(
            AccessKey.strategy_id == key.strategy_id,
            AccessKey.state.in_([state.value for state in AT_AWS]),
            AccessKey.intent_at < made.intent_at - LATE,
        )
    ).all()
    tools.session.commit()
    return any(_is_the_targets(tools, access_key_id, strategy) for access_key_id in older if access_key_id)


def _newest_made(tools: Tools, key: AccessKey) -> AccessKey | None:
    """The newest key that AWS has made for us since the lost one can't come any more."""
    made = tools.session.scalar(
        select(AccessKey)
        .where(
            AccessKey.strategy_id == key.strategy_id,
            AccessKey.rotation_id.is_not(None),
            AccessKey.secret_access_key.is_not(None),
            AccessKey.intent_at > settled_at(key),
        )
        .order_by(AccessKey.intent_at.desc())
        .limit(1)
    )
    tools.session.commit()
    return made


def _is_the_targets(tools: Tools, access_key_id: str, strategy: RotationStrategy) -> bool:
    """Whether AWS names the target as the key's user, and so has the key."""
    try:
        return tools.aws.last_use(access_key_id).user_name == strategy.user_name
    except RotationError as error:
        if error.failure.transient:
            raise
        return False


def _forget(tools: Tools, key: AccessKey) -> None:
    move(tools.session, key.id, KeyState.LOST, KeyState.DELETED, deleted_at=tools.clock.now(), **_OVER)


def _delete(tools: Tools, key: AccessKey, strategy: RotationStrategy, found: ListedKey) -> None:
    last_use = tools.aws.last_use(found.access_key_id)
    if last_use.used_at is not None:
        raise _ask_a_person(key, f"{found.access_key_id} fits, but has been used")
    if last_use.user_name != strategy.user_name:
        raise _ask_a_person(key, f"AWS says that {found.access_key_id} is {last_use.user_name}'s")
    # What nobody should know works no more from here on, and a person could still bring it back.
    ask_to_deactivate(tools, strategy, found.access_key_id)
    tools.aws.delete_key(strategy.user_name, found.access_key_id)
    now = tools.clock.now()
    move(
        tools.session, key.id, KeyState.LOST, KeyState.DELETED, access_key_id=found.access_key_id,
        created_at=found.created_at, deleted_at=now, **_OVER,
    )  # fmt: skip
    record(
        tools.session, at=now, actor="worker", action=Action.KEY_DELETE, thing=found.access_key_id,
        project_id=key.project_id, strategy_id=key.strategy_id, why="its answer was lost",
    )  # fmt: skip


def _ask_a_person(key: AccessKey, said: str) -> RotationError:
    return RotationError("answer_lost", said=said, until=key.intent_at.isoformat(timespec="seconds"))
