"""What has to be proven before a key ends: whose it is, and that nobody needs it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AccessKey, Connection, KeyState, RotationStrategy
from models.engine import begin_reading
from models.secret import current_values
from rotation.errors import RotationError
from rotation.provider import LastUse
from rotation.work import Tools


def proven(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> LastUse:
    """AWS's word that the key is the target's, and that it isn't one that programs read.

    Raises `existing_key_not_targets`, `key_in_connection`, `key_is_published` or `unknown_key`, and what else asking
    may raise.
    """
    if key.access_key_id is None:
        raise RotationError("unknown_key", said="Its ID never came")
    if strategy.deleting_at is None and not is_cut_off(key) and _is_published(tools, key, strategy):
        raise RotationError("key_is_published")
    if asks_aws(tools.session, key.access_key_id):
        raise RotationError("key_in_connection")
    last_use = tools.aws.last_use(key.access_key_id)
    if last_use.user_name != strategy.user_name:
        raise RotationError("existing_key_not_targets", said=f"AWS says that it is {last_use.user_name}'s")
    return last_use


def is_cut_off(key: AccessKey) -> bool:
    """Whether a person has chosen to end this compromised key although programs read it."""
    return key.state == KeyState.ACTIVE.value and key.leaked_at is not None and bool(key.ended_by)


def asks_aws(session: Session, access_key_id: str) -> bool:
    """Whether a connection asks AWS with this key. Commits."""
    begin_reading(session)
    found = session.scalar(select(Connection.id).where(Connection.access_key_id == access_key_id).limit(1))
    session.commit()
    return found is not None


def _is_published(tools: Tools, key: AccessKey, strategy: RotationStrategy) -> bool:
    """Whether the secret holds this very key, whatever its record says."""
    secret_id = strategy.access_key_secret_id
    if secret_id is None:
        return False
    begin_reading(tools.session)
    values = current_values(tools.session, tools.sealing_key(strategy.project_id), [secret_id])
    tools.session.commit()
    return values.get(secret_id, b"") == (key.access_key_id or "").encode()
