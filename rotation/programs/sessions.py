"""Temporary credentials of strategies: one session for all of a strategy's readers, fetched ahead of need.

A session is renewed when half its life is over, and when a new key is published. STS being down is not felt by readers
as long as the one that they have holds.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import AccessKey, HandsOut, RotationStrategy, SharedSession
from models.access_key import is_current
from models.base import new_id
from models.programs.token import is_fetched
from rotation.errors import RotationError
from rotation.programs.handing import stored_pair
from rotation.provider import TemporaryKey
from rotation.work import Tools

log = logging.getLogger(__name__)

PAUSE_AFTER_ERROR = timedelta(seconds=30)
PAUSE_AFTER_PERMANENT_ERROR = timedelta(minutes=5)
PAUSE_WHILE_NEW = timedelta(seconds=2)
_NEW = timedelta(minutes=1)
"""For so long after its publication a key may still be refused here and there: not all of AWS has heard of it."""
_IDLE = timedelta(days=1)
"""How long after the last look at a strategy without anything to sign with it is looked at again."""


def want_session(session: Session, strategy: RotationStrategy, now: datetime) -> tuple[int, int] | None:
    """Have temporary credentials of the strategy fetched and kept fresh from now on, without committing.

    Returns (strategy id, fetches) of work for a worker; None where there is none.
    """
    if strategy.hands_out != HandsOut.SESSION.value:
        return None
    if session.scalar(select(SharedSession.id).where(SharedSession.strategy_id == strategy.id)):
        return None
    session.add(
        SharedSession(id=new_id(), strategy_id=strategy.id, project_id=strategy.project_id, renew_at=now, error_code="")
    )
    return strategy.id, 0


def sessions_to_fetch(session: Session, now: datetime, most: int) -> list[tuple[int, int]]:
    """The strategies whose temporary credentials are to be fetched, with how often that was taken up so far."""
    due = select(SharedSession.strategy_id, SharedSession.fetches).where(SharedSession.renew_at <= now)
    return [(row[0], row[1]) for row in session.execute(due.order_by(SharedSession.renew_at).limit(most))]


def renew_soon(session: Session, strategy_id: int, now: datetime) -> None:
    """Have the next session fetched at once: another key signs from now on. Doesn't commit."""
    mine = update(SharedSession).where(SharedSession.strategy_id == strategy_id)
    session.execute(mine.values(renew_at=now).execution_options(synchronize_session=False))


def fetch(tools: Tools, strategy_id: int) -> None:
    """Fetch the strategy's next session if it is due and nobody else does; forget it where no token may fetch it.

    Whoever hands it out holds the key that signed for it.
    """
    session, now = tools.session, tools.clock.now()
    claimed_until = now + tools.timing.lease
    if not _claim(tools, strategy_id, now, claimed_until):
        return
    if not is_fetched(session, strategy_id, now):
        session.execute(delete(SharedSession).where(SharedSession.strategy_id == strategy_id))
        session.commit()
        return
    strategy = session.get_one(RotationStrategy, strategy_id)
    key = session.scalar(select(AccessKey).where(is_current(strategy_id)))
    if strategy.hands_out != HandsOut.SESSION.value or key is None or key.leaked_at is not None:
        _settle(tools, strategy_id, claimed_until, now + _IDLE)
        return
    try:
        temporary = _ask(tools, strategy, key)
    except RotationError as error:
        session.rollback()
        pause = _pause(tools, key, error)
        log.info("temporary credentials of strategy %s: %s", strategy_id, error.code)
        _settle(tools, strategy_id, claimed_until, now + pause, error_code=error.code)
        return
    _keep(tools, strategy, key, temporary, claimed_until)


def _claim(tools: Tools, strategy_id: int, now: datetime, until: datetime) -> bool:
    """Take the fetch that is due, put off first: one that dies is made up."""
    taken = tools.session.execute(
        update(SharedSession)
        .where(SharedSession.strategy_id == strategy_id, SharedSession.renew_at <= now)
        .values(renew_at=until, fetches=SharedSession.fetches + 1)
        .execution_options(synchronize_session=False)
    )
    tools.session.commit()
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def _ask(tools: Tools, strategy: RotationStrategy, key: AccessKey) -> TemporaryKey:
    pair = stored_pair(tools.session, tools.sealing_key(strategy.project_id), strategy, key)
    tools.session.commit()
    if pair is None:
        raise RotationError("secret_missing")
    return tools.aws.session_of(pair, strategy.handed_s)


def _pause(tools: Tools, key: AccessKey, error: RotationError) -> timedelta:
    """How long to wait before the next try."""
    if error.failure.transient:
        return PAUSE_AFTER_ERROR
    is_new = key.published_at is not None and key.published_at + _NEW > tools.clock.now()
    return PAUSE_WHILE_NEW if is_new and error.code == "published_key_refused" else PAUSE_AFTER_PERMANENT_ERROR


def _keep(
    tools: Tools, strategy: RotationStrategy, key: AccessKey, temporary: TemporaryKey, claimed_until: datetime
) -> None:
    """Let readers have the session from now on."""
    now, pair = tools.clock.now(), temporary.pair
    shared = tools.session.scalars(select(SharedSession).where(SharedSession.strategy_id == strategy.id)).one_or_none()
    if shared is None:  # deleted with its strategy
        return
    text = json.dumps([pair.access_key_id, pair.secret_access_key, pair.session_token])
    _settle(
        tools, strategy.id, claimed_until, now + (temporary.expires_at - now) / 2,
        error_code="", key_id=key.id, fetched_at=now, expires_at=temporary.expires_at,
        credentials=shared.sealed(tools.sealing_key(strategy.project_id), text),
    )  # fmt: skip


def _settle(tools: Tools, strategy_id: int, claimed_until: datetime, again: datetime, **values: Any) -> None:
    """Write what the fetch came to; nothing if it is to be fetched anew: another key was published meanwhile."""
    mine = SharedSession.strategy_id == strategy_id, SharedSession.renew_at == claimed_until
    tools.session.execute(
        update(SharedSession).where(*mine).values(renew_at=again, **values).execution_options(synchronize_session=False)
    )
    tools.session.commit()
