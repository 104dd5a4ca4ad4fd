"""What programs were promised: whatever they were handed works at AWS until the last Expiration that they were told."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AccessKey, RotationStrategy
from models.programs.handed import HandedKey
from soak.world import HANDED_S, OF_PROGRAMS, World

REFUSED = {"InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "InvalidAccessKeyId"}
_OF_SESSIONS = "ASIA"


def broken(at: World, session: Session) -> list[tuple[str, str, str]]:
    """Each call that AWS refused though its key, or its session, was promised: (moment, access key ID, what AWS said).

    A session holds from its first use for HANDED_S at most; practice AWS forgets it some time after that.
    """
    promised = _promised(session)
    life, found = timedelta(seconds=HANDED_S), []
    with at.calls.open() as file:
        for line in file:
            call = json.loads(line)
            by, at_moment = call["by"], datetime.fromisoformat(call["at"])
            if by.startswith(_OF_SESSIONS):
                promised.setdefault(by, (at_moment, at_moment + life))
            since, until = promised.get(by, (at_moment, at_moment - life))
            if call["said"] in REFUSED and not call["fault"] and since <= at_moment <= until:
                found.append((call["at"], by, call["said"]))
    return found


def _promised(session: Session) -> dict[str, tuple[datetime, datetime]]:
    """From when until when which access key was to work."""
    rows = session.execute(
        select(AccessKey.access_key_id, AccessKey.published_at, func.max(HandedKey.until))
        .join(HandedKey, HandedKey.key_id == AccessKey.id)
        .join(RotationStrategy, RotationStrategy.id == AccessKey.strategy_id)
        .where(RotationStrategy.user_name.in_(OF_PROGRAMS), AccessKey.published_at.is_not(None))
        .group_by(AccessKey.access_key_id, AccessKey.published_at)
    )
    return {key_id: (since, until) for key_id, since, until in rows}
