"""A strategy's credentials for one program, from what is stored: nobody is asked, and a request rarely writes.

`ready` reads, in one statement and so from one moment. What it finds was promised before: by `promise`, which writes
down what the program is about to be told and holds the key for as long.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from crypto import SealingKey
from models import AccessKey, HandedKey, HandsOut, KeyState, RotationStrategy, ServiceToken, SharedSession
from models.programs.handed import hold_key, note_handed
from models.secret import current_values
from rotation.failures import FAILURES
from rotation.provider import KeyPair

_LEAST = timedelta(minutes=5)
_REFUSED = "published_key_"


class NotReadyError(Exception):
    """There is nothing to hand out that AWS takes; the text says why, for a person."""


@dataclass(frozen=True)
class Handed:
    """What a program is told."""

    pair: KeyPair
    until: datetime


def ready(
    session: Session, sealing: SealingKey, strategy: RotationStrategy, token: ServiceToken, now: datetime
) -> Handed | None:
    """What the program is handed, if that is promised to it already; else None: then `promise` first.

    Raises NotReadyError.
    """
    if strategy.hands_out == HandsOut.KEY.value:
        key, handed = _key_of(session, strategy, token)
        if handed is None or handed.until - now < timedelta(seconds=strategy.handed_s) / 2:
            return None
        pair = stored_pair(session, sealing, strategy, key)
        if pair is None:
            raise NotReadyError("The secrets that hold the key are missing or hold another one. Rotate the strategy.")
        return Handed(pair, handed.until)
    shared, _, handed = _session_of(session, strategy, token, now)
    if handed is None or handed.until != shared.expires_at:
        return None
    return Handed(KeyPair(*json.loads(shared.open(sealing))), handed.until)


def promise(session: Session, strategy: RotationStrategy, token: ServiceToken, now: datetime, margin_s: int) -> None:
    """Write down what the program is about to be told, and hold the key until then. Doesn't commit.

    After the commit `ready` answers, unless another key was published meanwhile. Raises NotReadyError.
    """
    if strategy.hands_out == HandsOut.KEY.value:
        key, _ = _key_of(session, strategy, token)
        until = (now + timedelta(seconds=strategy.handed_s)).replace(microsecond=0)
        if hold_key(session, key.id, until + timedelta(seconds=margin_s)):
            note_handed(session, token.id, key.id, now, until, as_session=False)
        return
    shared, key, _ = _session_of(session, strategy, token, now)
    # The next session may not have been fetched yet: this one serves for as long, though its key was replaced.
    if hold_key(session, key.id, shared.expires_at + timedelta(seconds=margin_s), replaced=True):
        note_handed(session, token.id, key.id, now, shared.expires_at, as_session=True)


def stored_pair(session: Session, sealing: SealingKey, strategy: RotationStrategy, key: AccessKey) -> KeyPair | None:
    """The published key with its secret: of a key that was taken over the secrets alone have it.

    None where they hold another one or none.
    """
    key_id = key.access_key_id or ""
    if key.secret_access_key is not None:
        return KeyPair(key_id, key.open_secret(sealing))
    first, second = strategy.access_key_secret_id, strategy.secret_key_secret_id
    if first is None or second is None:
        return None
    values = current_values(session, sealing, [first, second])
    found_id, secret = (values.get(each, b"").decode(errors="replace").strip() for each in (first, second))
    return KeyPair(key_id, secret) if secret and found_id == key_id else None


# Built once: to build one takes longer than to execute it.
_KEY = (
    select(AccessKey, HandedKey)
    .outerjoin(HandedKey, and_(HandedKey.key_id == AccessKey.id, HandedKey.token_id == bindparam("token")))
    .where(AccessKey.strategy_id == bindparam("strategy"), AccessKey.state == KeyState.ACTIVE.value)
    .execution_options(populate_existing=True)
)
_SESSION = (
    select(SharedSession, AccessKey, HandedKey)
    .outerjoin(AccessKey, AccessKey.id == SharedSession.key_id)
    .outerjoin(HandedKey, and_(HandedKey.key_id == SharedSession.key_id, HandedKey.token_id == bindparam("token")))
    .where(SharedSession.strategy_id == bindparam("strategy"))
    .execution_options(populate_existing=True)
)


def _key_of(session: Session, strategy: RotationStrategy, token: ServiceToken) -> tuple[AccessKey, HandedKey | None]:
    """The published key, and what the token was told of it."""
    row = session.execute(_KEY, {"strategy": strategy.id, "token": token.id}).one_or_none()
    if row is None:
        raise NotReadyError("No key has been published yet. Rotate the strategy.")
    _want_good(row[0])
    return row[0], row[1]


def _session_of(
    session: Session, strategy: RotationStrategy, token: ServiceToken, now: datetime
) -> tuple[Any, AccessKey, HandedKey | None]:
    """The session that holds, the key that signed for it, and what the token was told of it."""
    row = session.execute(_SESSION, {"strategy": strategy.id, "token": token.id}).one_or_none()
    if row is None:
        raise NotReadyError("Temporary credentials are being fetched for the first time. Ask again in a few seconds.")
    shared, key, handed = row
    if key is None or _is_nearly_over(shared, now):
        raise NotReadyError(_why_none(shared))
    _want_good(key)
    return shared, key, handed


def _is_nearly_over(shared: SharedSession, now: datetime) -> bool:
    """Whether so little of the session's life is left that a program might find it over."""
    if shared.expires_at is None or shared.fetched_at is None:
        return True
    return shared.expires_at - now < min(_LEAST, (shared.expires_at - shared.fetched_at) / 10)


def _why_none(shared: SharedSession) -> str:
    if shared.error_code:
        return f"No temporary credentials: {FAILURES[shared.error_code].label}. Keyturn tries again by itself."
    return "Temporary credentials are being fetched. Ask again in a few seconds."


def _want_good(key: AccessKey) -> None:
    """Raise NotReadyError where AWS refuses the key, or is about to."""
    if key.error_code.startswith(_REFUSED):
        raise NotReadyError(f"The published key {key.access_key_id} fails: {FAILURES[key.error_code].label}.")
    if key.restored_at is not None:
        raise NotReadyError(f"The database was restored from a backup: {key.access_key_id} is tried first. Ask again.")
    taken = key.state in {KeyState.ACTIVE.value, KeyState.RETIRING.value}
    if not taken or key.leaked_at is not None or key.ended_by:
        raise NotReadyError(f"The key {key.access_key_id} is being ended. The next one is handed out once published.")
