"""Looks at keys whose time has come: an old one takes its next step, a discarded one goes, a lost one is searched for.

A key is ended only when it is recorded as this strategy's own or taken over, it isn't the published one, and AWS says
in the same look that it belongs to the target. The steps themselves are in rotation/ending/.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, update

from models import AccessKey, KeyState, Rotation, RotationStrategy
from models.access_key import REPLACED, claim_look, is_free, keep_look
from models.connection import note_worked
from models.engine import begin_reading
from rotation.copies.holding import refuse_while_behind
from rotation.ending import at_aws, lost
from rotation.ending.at_aws import LookLostError
from rotation.ending.proof import is_cut_off, proven
from rotation.ending.rules import BY_RULE, end_at, waits_for_person
from rotation.errors import RotationError
from rotation.provider import LastUse
from rotation.watching import drift
from rotation.watching.uses import note_use
from rotation.work import Tools

log = logging.getLogger(__name__)

PAUSE_AFTER_ERROR = timedelta(minutes=1)
PAUSE_AFTER_PERMANENT_ERROR = timedelta(hours=1)


class _MayBeInactiveError(RotationError):
    """The key may have been made inactive before a worker died, and by now nobody is permitted to undo that."""


@dataclass
class _Claim:
    """The look that this worker has, and until when."""

    until: datetime

    def renew(self, tools: Tools, key: AccessKey) -> None:
        """Have the look for a whole lease more, before AWS is asked to change the key.

        Without that a worker that was held up could end a key which was brought back or published meanwhile. Raises
        LookLostError.
        """
        longer = tools.clock.now() + tools.timing.lease
        kept = keep_look(tools.session, key.id, self.until, longer)
        tools.session.commit()
        if not kept:
            raise LookLostError
        self.until = longer


Look = Callable[[Tools, AccessKey, RotationStrategy], datetime | None]


def look(tools: Tools, key_id: str) -> datetime | None:
    """Look at a key that is due: retire it, discard it, or search for it if it was lost.

    Returns when to look again, or None when it isn't due, is another worker's or needs no further look.
    """
    now = tools.clock.now()
    taken = claim_look(tools.session, key_id, now, tools.timing.lease)
    key = tools.session.get(AccessKey, key_id, populate_existing=True)
    tools.session.commit()
    return _look(tools, key, _Claim(now + tools.timing.lease)) if taken and key is not None else None


def look_at_once(tools: Tools, key: AccessKey) -> None:
    """Look at the key now if it is due."""
    look(tools, key.id)


def _look(tools: Tools, key: AccessKey, claim: _Claim) -> datetime | None:
    begin_reading(tools.session)
    strategy = tools.session.get_one(RotationStrategy, key.strategy_id)
    tools.session.commit()
    try:
        again = _kind_of_look(key, strategy, claim)(tools, key, strategy)
    except RotationError as error:
        tools.session.rollback()
        return _put_off(tools, key, strategy, error, claim)
    except LookLostError:
        log.info("access key %s: another worker looks at it", key.access_key_id)
        return None
    _settle(tools, key, again, claim, error_code="", error_facts={})
    return again


def _kind_of_look(key: AccessKey, strategy: RotationStrategy, claim: _Claim) -> Look:
    """What is to be done about the key. Raises `from_backup` where its row is no reason to end it."""
    if key.state == KeyState.ACTIVE.value and not _retires(key, strategy):
        return drift.look
    if key.restored_at is not None and not key.ended_by:
        raise RotationError("from_backup")
    return lost.search if key.state == KeyState.LOST.value else partial(_end, claim)


def _settle(tools: Tools, key: AccessKey, again: datetime | None, claim: _Claim, **values: Any) -> None:
    """Write what the look came to. One that somebody asked for meanwhile stays due."""
    mine = update(AccessKey).where(AccessKey.id == key.id).execution_options(synchronize_session=False)
    # Not if it was replaced meanwhile: then others have said when to look.
    tools.session.execute(mine.where(AccessKey.look_at == claim.until).values(look_at=again, **values))
    tools.session.commit()


def _put_off(tools: Tools, key: AccessKey, strategy: RotationStrategy, error: RotationError, claim: _Claim) -> datetime:
    """Tell why it doesn't go on, and look again later."""
    pause = PAUSE_AFTER_ERROR if error.failure.transient else PAUSE_AFTER_PERMANENT_ERROR
    again = tools.clock.now() + pause
    facts = {
        "user": strategy.user_name, "arn": strategy.user_arn, "connection": strategy.connection.name,
        "who_reads": strategy.who_reads, "key": key.access_key_id or "", **error.facts,
    }  # fmt: skip
    if not error.failure.transient and not isinstance(error, _MayBeInactiveError):
        # AWS has said no. After a transient error it may have ended the key all the same.
        _write_unsealed(tools, key)
    _settle(tools, key, again, claim, error_code=error.code, error_facts=facts)
    log.info("access key %s: %s, looked at again at %s", key.access_key_id, error.code, again)
    return again


def _end(claim: _Claim, tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    try:
        if key.state == KeyState.CREATED.value:
            return _discard(claim, tools, key, strategy)
        if key.state == KeyState.DEACTIVATED.value and key.returned_by and strategy.deleting_at is None:
            claim.renew(tools, key)
            return at_aws.activate(tools, key, strategy)
        if _retires(key, strategy):
            return _retire(claim, tools, key, strategy)
    except RotationError as error:
        if error.code != "unknown_key":
            raise
        if _is_listed_no_more(tools, key, strategy):
            at_aws.record_end(tools, key, strategy, why="AWS lists it no more")
        elif key.delete_sent_at is not None:
            # The answer to that was lost, and AWS may have done it. It says so to who asks again.
            claim.renew(tools, key)
            at_aws.delete(tools, key, strategy)
        else:
            raise
    return None


def _is_listed_no_more(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether somebody else deleted the key, by AWS's own list of the target's keys, where that is permitted.

    A key that was just made proves nothing by its absence, nor does the list of another account's user.
    """
    if tools.clock.now() < key.intent_at + lost.LATE or tools.aws.identify().account_id != strategy.account_id:
        return False
    listed = tools.aws.list_keys(strategy.user_name)
    return listed is not None and key.access_key_id not in {row.access_key_id for row in listed}


def _retires(key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether the key is to end: an old one, one that a person cuts off, or one that goes with its strategy."""
    is_old = key.state in {state.value for state in REPLACED}
    if strategy.deleting_at is not None:
        return bool(key.ended_by) and (is_old or key.state == KeyState.ACTIVE.value)
    is_evidence = key.state == KeyState.DEACTIVATED.value and waits_for_person(key, strategy)
    return is_cut_off(key) or (is_old and not is_evidence)


def _retire(claim: _Claim, tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    """Ask for the last use and take the key's next step if its time has come; else return when to look again."""
    if _is_worked_on(tools, key):
        return tools.clock.now() + tools.timing.lease
    last_use = proven(tools, key, strategy)
    now = tools.clock.now()
    note_worked(tools.session, strategy.connection_id, now)
    note_use(tools.session, key, last_use, now, _quiet_at(tools, key, strategy, last_use))
    tools.session.commit()
    tools.session.refresh(key)
    tools.session.commit()
    by_person = key.ended_by not in {"", BY_RULE}
    ends_at = now if by_person else end_at(key, strategy)
    if ends_at is not None and now >= ends_at:
        if not by_person and key.state == KeyState.RETIRING.value:
            refuse_while_behind(tools.session, strategy)
        if not by_person and not _seal_end(tools, key):
            return now
        claim.renew(tools, key)
        return _step(tools, key, strategy)
    _unseal_end(claim, tools, key, strategy)
    return _next_look(tools, ends_at)


def _step(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    """Make the key inactive where it is to be watched and that is permitted; else delete it."""
    watched = strategy.watch_s > 0 or key.leaked_at is not None
    is_last = key.state == KeyState.DEACTIVATED.value or strategy.deleting_at is not None
    if watched and not is_last and at_aws.deactivate(tools, key, strategy):
        return _next_look(tools, key.retire_at) if key.leaked_at is None else None
    at_aws.delete(tools, key, strategy)
    return None


def _next_look(tools: Tools, ends_at: datetime | None) -> datetime:
    """When to ask for the last use again, at the latest when the key's next step comes."""
    polled_at = tools.clock.now() + timedelta(seconds=tools.timing.last_use_poll_s)
    return polled_at if ends_at is None else min(ends_at, polled_at)


def _seal_end(tools: Tools, key: AccessKey) -> bool:
    """From here on nobody is told any more that the key is kept. False when somebody was told so a moment ago."""
    sealed = tools.session.execute(
        update(AccessKey)
        .where(
            AccessKey.id == key.id, AccessKey.state == key.state, AccessKey.ended_by.in_(["", BY_RULE]),
            AccessKey.returned_by == "", AccessKey.retire_at == key.retire_at, is_free(tools.clock.now()),
        )
        .values(ended_by=BY_RULE)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    tools.session.commit()
    return bool(sealed.rowcount)  # type: ignore[attr-defined]


def _unseal_end(claim: _Claim, tools: Tools, key: AccessKey, strategy: RotationStrategy) -> None:
    """It isn't being ended any more, so that it can be kept; an earlier look may have died in the middle of it."""
    if key.ended_by != BY_RULE:
        return
    claim.renew(tools, key)
    if key.state == KeyState.RETIRING.value and strategy.watch_s > 0:
        _make_sure_it_works(tools, key, strategy)
    _write_unsealed(tools, key)


def _make_sure_it_works(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> None:
    """Activate the key that may be inactive. Raises what AWS says to that unless the key works anyway."""
    try:
        tools.aws.activate_key(strategy.user_name, key.access_key_id or "")
    except RotationError as error:
        if error.code != "not_permitted":
            raise
        # Who never was permitted to make it inactive hasn't done so either.
        if strategy.can_deactivate is not False and not _is_listed_active(tools, key, strategy):
            raise _MayBeInactiveError(error.code, **error.facts) from None


def _is_listed_active(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether AWS lists the key as active; False also where keys can't be listed."""
    listed = tools.aws.list_keys(strategy.user_name) or []
    return any(row.access_key_id == key.access_key_id and row.active for row in listed)


def _write_unsealed(tools: Tools, key: AccessKey) -> None:
    tools.session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, AccessKey.ended_by == BY_RULE)
        .values(ended_by="")
        .execution_options(synchronize_session=False)
    )
    tools.session.commit()


def _quiet_at(tools: Tools, key: AccessKey, strategy: RotationStrategy, last_use: LastUse) -> datetime:
    """When the key will have been quiet for long enough: counted from its replacement or its last use.

    Never shorter than AWS's report may be late and coarse: a use after publication can carry a time before it.
    """
    since = max(filter(None, (key.replaced_at, key.intent_at, last_use.used_at)))
    return since + timedelta(seconds=max(strategy.quiet_s, tools.timing.last_use_lag_s))


def _is_worked_on(tools: Tools, key: AccessKey) -> bool:
    """Whether an open rotation made the key or goes back to it."""
    begin_reading(tools.session)
    working = tools.session.scalar(
        select(Rotation.id).where(Rotation.access_key_id == key.id, Rotation.ended_at.is_(None))
    )
    tools.session.commit()
    return working is not None


def _discard(claim: _Claim, tools: Tools, key: AccessKey, strategy: RotationStrategy) -> datetime | None:
    """Delete a key that was made and never published, unless its rotation still works on it."""
    if _is_worked_on(tools, key):
        return tools.clock.now() + tools.timing.lease
    proven(tools, key, strategy)
    claim.renew(tools, key)
    at_aws.delete(tools, key, strategy)
    return None
