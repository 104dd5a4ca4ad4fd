"""Sessions of users, as GetSessionToken makes them: moto knows those of roles only, and refuses its own.

A session holds until it expires, whatever becomes of the key that signed for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.iam.access_control import IAMUserAccessKey
from moto.iam.models import User, iam_backends
from moto.sts.models import AssumedRole, sts_backends
from moto.utilities.utils import get_partition

from practice.answers import Answer, refusal
from practice.request import Request

GET_SESSION_TOKEN = "sts:GetSessionToken"  # noqa: S105 - the name of an action
_SHORTEST_S, _LONGEST_S, _USUAL_S = 900, 129_600, 43_200
_TEMPORARY = "ASIA"
_KEPT = 1000
_OF_SESSIONS = {"sts:AssumeRole", "sts:GetCallerIdentity"}


class UserSession(AssumedRole):
    """Where moto looks for the sessions of roles: one of a user."""

    def __init__(self, user: User, region: str, duration_s: int) -> None:
        key = iam_backends[ACCOUNT_ID][get_partition(region)].create_temp_access_key()
        super().__init__(ACCOUNT_ID, region, key, user.name, user.arn, "", duration_s, "")
        self._user_id, self._arn = user.id, user.arn

    @property
    def user_id(self) -> str:
        """The user's."""
        return str(self._user_id)

    @property
    def arn(self) -> str:
        """The user's."""
        return str(self._arn)

    @property
    def is_over(self) -> bool:
        """Whether it has expired."""
        return bool(self.expiration.replace(tzinfo=UTC) <= datetime.now(UTC))

    def policies(self) -> list[Any]:
        """The policies of its user."""
        return _Owner(self.partition, self.session_name).collect_policies()


class _Owner(IAMUserAccessKey):
    """A user whose policies moto collects, without a key to find the user by."""

    def __init__(self, partition: str, user_name: str) -> None:
        self.account_id, self.partition, self._owner_user_name = ACCOUNT_ID, partition, user_name


def session_of(request: Request) -> UserSession | None:
    """The user's session that signs the request, if one does."""
    if not request.access_key_id.startswith(_TEMPORARY):
        return None
    known = sts_backends[ACCOUNT_ID][get_partition(request.region)]
    found = known.get_assumed_role_from_access_key(request.access_key_id)
    return found if isinstance(found, UserSession) else None


def refused(request: Request, session: UserSession) -> Answer | None:
    """What AWS says to a session that has expired, or asks what sessions may not; else None."""
    if session.is_over:
        status = HTTPStatus.BAD_REQUEST if request.service == "s3" else HTTPStatus.FORBIDDEN
        return refusal(request.service, "ExpiredToken", "The security token included in the request is expired", status)
    if request.service == "iam":
        return refusal("iam", "InvalidClientTokenId", "The security token included in the request is invalid")
    if request.service == "sts" and request.action not in _OF_SESSIONS:
        return refusal("sts", "AccessDenied", f"Cannot call {request.params.get('Action')} with session credentials")
    return None


def get_session_token(request: Request, user: User | None, at_most_s: int) -> Answer:
    """The answer to GetSessionToken, signed by a user's key."""
    duration_s = int(request.params.get("DurationSeconds", _USUAL_S))
    if user is None or not _SHORTEST_S <= duration_s <= _LONGEST_S:
        message = f"durationSeconds must be from {_SHORTEST_S} to {_LONGEST_S}"
        return refusal("sts", "ValidationError", message, HTTPStatus.BAD_REQUEST)
    made = UserSession(user, request.region, min(duration_s, at_most_s or duration_s))
    _forget_the_oldest(made.partition)
    sts_backends[ACCOUNT_ID][made.partition].assumed_roles.append(made)
    parts = {
        "AccessKeyId": made.access_key_id,
        "SecretAccessKey": made.secret_access_key,
        "SessionToken": made.session_token,
        "Expiration": f"{made.expiration:%Y-%m-%dT%H:%M:%SZ}",
    }
    body = "".join(f"<{name}>{text}</{name}>" for name, text in parts.items())
    about = f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
    result = f"<GetSessionTokenResult><Credentials>{body}</Credentials></GetSessionTokenResult>"
    return Answer(HTTPStatus.OK, f"<GetSessionTokenResponse>{result}{about}</GetSessionTokenResponse>".encode())


def _forget_the_oldest(partition: str) -> None:
    """Of very many sessions: what lives for days would fill the memory, and moto looks through all of them."""
    sessions, keys = sts_backends[ACCOUNT_ID][partition].assumed_roles, iam_backends[ACCOUNT_ID][partition].access_keys
    while len(sessions) >= _KEPT:
        keys.pop(sessions.pop(0).access_key_id, None)
