"""What calls are signed with: a stored key, the machine's own credentials, or a session of a role.

A session is kept by its process until shortly before it expires. No other part of Keyturn looks for credentials on
this machine (clients.py), and this one only where the project is allowed to use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from rotation.aws.clients import PATIENT, make_client, quieten
from rotation.errors import RotationError
from rotation.provider import KeyPair
from rotation.reach.access import Access

SESSION_S = 900
"""How long a session of a role holds: AWS's least, and longer than any job."""

_EARLY = timedelta(minutes=2)


@dataclass(frozen=True)
class _Kept:
    pair: KeyPair
    until: datetime


_LOCK = Lock()
_SESSIONS: dict[Access, _Kept] = {}
_LENT: list[RefreshableCredentials] = []


def base_pair(access: Access) -> KeyPair:
    """The stored key, or the machine's own credentials where they may be lent.

    Raises RotationError (`own_not_allowed`, `no_own_credentials`).
    """
    if access.key is not None:
        return access.key
    if not access.may_lend:
        raise RotationError("own_not_allowed")
    return _own()


def assume(access: Access) -> KeyPair:
    """The credentials of a session of the access's role. Raises as `base_pair`, and botocore's own exceptions."""
    role = access.role
    if role is None:
        return base_pair(access)
    base = base_pair(access)
    now = datetime.now(UTC)
    with _LOCK:
        kept = _SESSIONS.get(access)
    if kept is not None and now < kept.until - _EARLY:
        return kept.pair
    sts = make_client("sts", base, access, PATIENT)
    answer = sts.assume_role(
        RoleArn=role.arn, RoleSessionName=role.session_name, ExternalId=role.external_id, DurationSeconds=SESSION_S
    )["Credentials"]
    pair = KeyPair(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
    with _LOCK:
        for old in [each for each, session in _SESSIONS.items() if session.until <= now]:
            del _SESSIONS[old]
        _SESSIONS[access] = _Kept(pair, answer["Expiration"].astimezone(UTC))
    return pair


def forget(access: Access) -> None:
    """Assume the role anew the next time: AWS has refused its session."""
    with _LOCK:
        _SESSIONS.pop(access, None)


def _own() -> KeyPair:
    """What botocore finds on this machine: environment, profile, web identity, container or instance."""
    try:
        found = _LENT[0] if _LENT else _look()
        frozen = found.get_frozen_credentials()
    except BotoCoreError as error:
        failure = RotationError("no_own_credentials", said=type(error).__name__)
    else:
        return KeyPair(frozen.access_key, frozen.secret_key, frozen.token or "")
    raise failure


def _look() -> RefreshableCredentials:
    quieten()
    found = Session().get_credentials()
    if found is None:
        raise RotationError("no_own_credentials", said="NoCredentialsError")
    if isinstance(found, RefreshableCredentials):
        _LENT[:] = [found]  # it renews itself; whatever else may change on this machine is looked up each time
    return found
