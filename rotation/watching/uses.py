"""Writing down what AWS says of a key's last use.

AWS tells only the newest use, late by hours and coarse by 15 minutes: who uses a key shows in what it told over time.
Keyturn's own daily try of the current key is among it, as sts.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, RotationStrategy
from models.watching.uses import add_use
from models.watching.wishes import fulfil
from rotation.errors import RotationError
from rotation.provider import LastUse
from rotation.telling.events import tell_used
from rotation.work import Tools


def note_use(session: Session, key: AccessKey, use: LastUse, now: datetime, quiet_at: datetime | None = None) -> None:
    """Record AWS's answer of this moment, without committing.

    `quiet_at`: when an old key is quiet if no further use is told; from then on those who wished it are told.
    """
    values: dict[str, datetime | str | None] = {"asked_at": now, "quiet_at": quiet_at}
    if use.used_at is not None:
        values |= {"last_used_at": use.used_at, "last_used_service": use.service, "last_used_region": use.region}
        add_use(session, key.id, use.used_at, use.service, use.region, now)
        if key.state == KeyState.RETIRING.value and key.retire_at is not None and use.used_at > key.retire_at:
            tell_used(session, key, use, now)
    session.execute(
        update(AccessKey).where(AccessKey.id == key.id).values(**values).execution_options(synchronize_session=False)
    )
    if quiet_at is not None and now >= quiet_at:
        fulfil(session, key.id, max(filter(None, (key.replaced_at, key.intent_at, use.used_at))), now)


def sample(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> None:
    """Ask for the current key's last use and record it. Where AWS refuses, nothing is recorded. Commits."""
    tools.session.commit()
    try:
        use = tools.aws.last_use(key.access_key_id or "")
    except RotationError:
        return
    if use.user_name == strategy.user_name:
        note_use(tools.session, key, use, tools.clock.now())
        tools.session.commit()
