"""Before a key is made: who the target is, which key it has, and whether IAM has room for another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import AccessKey, KeyState, RetireWhen, RotationStrategy, StepName
from models.access_key import AT_AWS, REPLACED
from models.audit import Action, record
from models.base import new_id
from models.connection import access_key_id_problem, note_worked
from models.engine import begin_reading
from models.secret import current_values
from rotation.copies.holding import WAITS, first_behind, said_of
from rotation.ending import retirement, rules, wishes
from rotation.ending.proof import asks_aws
from rotation.errors import RotationError
from rotation.provider import ListedKey
from rotation.telling.events import tell_waiting
from rotation.watching.drift import EVERY, note_foreign
from rotation.work import Work

KEYS_PER_USER = 2
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def know_target(work: Work) -> None:
    """Learn the account from AWS where it isn't known yet, so that two strategies can't turn one user's key.

    Raises `secret_missing` and `target_taken`.
    """
    strategy = work.strategy
    if None in strategy.output_ids:
        raise RotationError("secret_missing")
    if strategy.account_id:
        return
    identity = work.aws.identify()
    work.want_unedited()
    strategy.set_target(strategy.user_name, identity.account_id)
    work.connection.account_id, work.connection.manager = identity.account_id, identity.resource
    work.connection.assumed_by = identity.assumed_by
    try:
        work.save()
    except IntegrityError:
        work.session.rollback()
        raise RotationError("target_taken", account=identity.account_id) from None


def take_over(work: Work) -> None:
    """Take over the target's key: the one that the user named, and the one that the output holds.

    Only what AWS says belongs to the target is taken over, and no connection's own key but by that connection's own
    strategy. For the one that was named or that the connection holds, anything else raises `existing_key_not_targets`
    or `key_in_connection`.
    """
    named = work.strategy.existing_key_id
    held = _held(work)
    for access_key_id in dict.fromkeys(filter(None, (held, named))):
        if _is_recorded(work, access_key_id):
            continue
        own = work.strategy.turns_manager and access_key_id == held
        if not own and asks_aws(work.session, access_key_id):
            if access_key_id == named:
                raise RotationError("key_in_connection", key=access_key_id)
            continue
        problem = _not_the_targets(work, access_key_id)
        if problem is None:
            _adopt(work, access_key_id)
        elif access_key_id == named or own:
            raise RotationError("existing_key_not_targets", key=access_key_id, said=problem)


def _held(work: Work) -> str:
    """The access key ID in the placeholder secret or the connection; an empty string when it holds something else."""
    if work.strategy.turns_manager:
        return work.connection.access_key_id
    secret_id = work.strategy.access_key_secret_id
    if secret_id is None:
        return ""
    begin_reading(work.session)
    values = current_values(work.session, work.tools.sealing_key(work.rotation.project_id), [secret_id])
    work.session.commit()
    text = values.get(secret_id, b"").decode(errors="replace").strip()
    return "" if access_key_id_problem(text) else text


def _is_recorded(work: Work, access_key_id: str) -> bool:
    begin_reading(work.session)
    found = work.session.scalar(
        select(AccessKey.id).where(
            AccessKey.strategy_id == work.rotation.strategy_id, AccessKey.access_key_id == access_key_id
        )
    )
    work.session.commit()
    return found is not None


def _not_the_targets(work: Work, access_key_id: str) -> str | None:
    """Why the key isn't proven to be the target's, in AWS's words; None when it is."""
    try:
        user_name = work.aws.last_use(access_key_id).user_name
    except RotationError as error:
        if error.code not in {"unknown_key", "not_permitted"}:
            raise
        return error.facts.get("said", error.code)
    return None if user_name == work.strategy.user_name else f"AWS says that it is {user_name}'s"


def _adopt(work: Work, access_key_id: str) -> None:
    """Record the key: as the one that programs read if there is none yet, else as an old one in its grace."""
    now, strategy = work.now(), work.strategy
    key = AccessKey(
        id=new_id(), project_id=strategy.project_id, strategy_id=strategy.id, state=KeyState.ACTIVE.value,
        access_key_id=access_key_id, intent_at=now, look_at=now + EVERY,
    )  # fmt: skip
    if work.published_key() is not None:
        retire_at = now + timedelta(seconds=strategy.grace_s)
        key.state, key.replaced_at, key.retire_at, key.look_at = KeyState.RETIRING.value, now, retire_at, now
    if strategy.turns_manager and access_key_id == work.connection.access_key_id:
        sealing_key = work.tools.sealing_key(strategy.project_id)
        secret = work.connection.open_secret(sealing_key)  # which the connection forgets, and an undo needs
        key.secret_access_key = sealing_key.seal(secret.encode(), key.seal_place())
    work.session.add(key)
    record(
        work.session, at=now, actor="worker", action=Action.KEY_TAKE_OVER, thing=access_key_id,
        project_id=strategy.project_id, strategy_id=strategy.id, rotation=work.rotation.id,
    )  # fmt: skip
    step = work.step(StepName.MAKE_ROOM)
    work.note(step, "iam:GetAccessKeyLastUsed", f"{access_key_id} is {strategy.user_name}'s: taken over", ok=True)
    work.save()


def make_room(work: Work) -> datetime | None:
    """See to it that the target has at most one key.

    Returns until when to wait for an old key to retire. Raises `two_keys` where the second is none of ours.
    """
    work.step(StepName.MAKE_ROOM)
    work.save()
    _clear(work)
    listed = work.aws.list_keys(work.strategy.user_name)
    known = at_aws(work)
    note_worked(work.session, work.connection.id, work.now())
    if listed is None:
        work.rotation.listed_keys = None
        summary = f"IAM allows two keys for a user. Keyturn knows of {len(known)}, so there is room."
        # One that AWS didn't know any more was deleted by others as a rule; if not, CreateAccessKey says so.
        full = sum(key.error_code != "unknown_key" for key in known) >= KEYS_PER_USER
    else:
        work.rotation.listed_keys = [key.access_key_id for key in listed]
        summary = f"IAM allows two keys for a user and lists {len(listed)}, so there is room."
        full = len(listed) >= KEYS_PER_USER
    if not full:
        work.end(work.step(StepName.MAKE_ROOM), summary)
        return None
    return _no_room(work, known, listed)


def _clear(work: Work) -> None:
    """Look at the keys that could go now: old ones whose time has come or that make room, discarded and lost ones."""
    for key in _keys(work, (*AT_AWS, KeyState.LOST)):
        if key.state != KeyState.ACTIVE.value and key.look_at is not None:
            if key.error_code:
                wishes.try_again(work.session, key, work.now())
                work.save()
            retirement.look_at_once(work.tools, key)
    # One look makes a key inactive, the next one deletes it.
    for _ in range(2):
        for key in at_aws(work):
            if _goes(work, key):
                end = wishes.end_now if work.rotation.end_old_key else wishes.make_way
                end(work.session, key, work.rotation.requested_by, work.now())
                work.save()
                retirement.look_at_once(work.tools, key)


def _goes(work: Work, key: AccessKey) -> bool:
    """Whether the key is to go for this rotation: it is the person's wish or the strategy's rule."""
    if key.state not in {state.value for state in REPLACED} or key.ended_by:
        return False
    if work.rotation.end_old_key:
        return True
    return rules.makes_room(key, work.strategy, work.now()) and first_behind(work.session, work.strategy) is None


def at_aws(work: Work) -> list[AccessKey]:
    """The strategy's keys that AWS holds for certain, oldest first, published one included."""
    return _keys(work, AT_AWS)


def _keys(work: Work, states: Iterable[KeyState]) -> list[AccessKey]:
    begin_reading(work.session)
    keys = work.session.scalars(
        select(AccessKey)
        .where(
            AccessKey.strategy_id == work.rotation.strategy_id,
            AccessKey.state.in_([state.value for state in states]),
        )
        .order_by(AccessKey.intent_at)
        .execution_options(populate_existing=True)
    ).all()
    work.session.commit()
    return list(keys)


def _no_room(work: Work, known: list[AccessKey], listed: list[ListedKey] | None) -> datetime:
    """Wait for an old key of ours, or say that the second key is somebody else's."""
    waiting = [key for key in known if key.state != KeyState.ACTIVE.value]
    if waiting:
        old = waiting[0]
        until = old.look_at or work.now() + timedelta(seconds=work.tools.timing.last_use_poll_s)
        is_kept = rules.waits_for_person(old, work.strategy)
        gone_at = rules.gone_at(old, work.strategy) or until
        facts = {"user": work.strategy.user_name, "key": old.access_key_id or "", "until": _time(gone_at)}
        is_inactive = old.state == KeyState.DEACTIVATED.value
        said = f"{old.access_key_id} is {'inactive and not deleted yet' if is_inactive else 'still valid'}"
        work.note(work.step(StepName.MAKE_ROOM), "waits", said, ok=True)
        if is_kept:
            tell_waiting(work, facts)
        code = "old_key_kept" if is_kept else "old_key_in_grace"
        by_its_place = work.strategy.retire_when == RetireWhen.NEXT.value and not is_kept and not is_inactive
        if by_its_place and (copy := first_behind(work.session, work.strategy)) is not None:
            code, facts = WAITS, facts | {"copy": copy.destination.name, "said": said_of(copy)}
        work.save(wait_code=code, error_facts=facts, tries=0)
        return until
    if listed is not None:
        note_foreign(work.tools, work.strategy, listed)
    raise two_keys(work.strategy, known, listed)


def two_keys(strategy: RotationStrategy, known: list[AccessKey], listed: list[ListedKey] | None) -> RotationError:
    """The failure that the target has two keys, of which Keyturn doesn't know both."""
    ours = {key.access_key_id for key in known}
    foreign = [key for key in listed or [] if key.access_key_id not in ours]
    if foreign:
        told = " and ".join(f"{key.access_key_id} (made {_time(key.created_at)})" for key in foreign)
        unknown = f"Made by someone else: {told}."
    else:
        unknown = "The other was made by someone else, and without iam:ListAccessKeys Keyturn can't say which it is."
    return RotationError(
        "two_keys", user=strategy.user_name, known=", ".join(filter(None, ours)) or "neither of them", unknown=unknown
    )


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
