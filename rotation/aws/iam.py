"""AWS IAM access keys through boto3's botocore.

Whatever goes wrong becomes a RotationError by two tables (failures.py): `BY_CODE` for what AWS answers, `NEVER_SENT`
for what happens on the way. Foreign exceptions are neither chained nor quoted, only named: a CreateAccessKey answer
that is cut off ends in a parser error whose text is the whole answer, secret access key included. So each failure is
made inside the `except` and raised after it, where no traceback leads back to its cause.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, SSLError

from rotation.aws import answers, credentials
from rotation.aws.clients import ONCE, PATIENT, TRY, make_client
from rotation.aws.failures import BY_CODE, CLOCK_WRONG, NEVER_SENT, UNREADABLE, answered
from rotation.errors import AnswerLost, RotationError
from rotation.provider import Answer, CreatedKey, Identity, KeyPair, LastUse, ListedKey, Role, TemporaryKey
from rotation.reach.access import Access

# 0 and 1 are in no access key ID that AWS makes, so this one can't exist.
PROBE_KEY_ID = "AKIA00KEYTURNPROBE01"

# What each service is asked with a new key: the action, and the call that needs it.
_TRIES: Mapping[str, tuple[str, str]] = {
    "sts": ("sts:GetCallerIdentity", "get_caller_identity"),
    "iam": ("iam:GetUser", "get_user"),
    "s3": ("s3:ListAllMyBuckets", "list_buckets"),
}

# A service that answers so has found the key and checked its signature.
_KNOWS_THE_KEY = frozenset({"AccessDenied", "AccessDeniedException", "OptInRequired", "NotSignedUp"})

_DENIED = re.compile(
    r"User: (?P<manager>arn:(?P<partition>[\w-]+):\w+::(?P<account>\d+):\S+) is not authorized to perform: \S+"
    r"(?: on resource: (?P<resource>arn:\S+))?"
)
T = TypeVar("T")


def preload() -> None:
    """Load what clients are made from, so that processes forked from this one needn't: it takes 0.15 s each."""
    for service in _TRIES:
        make_client(service, KeyPair("none", "none"), Access(None, "us-east-1"), PATIENT).close()


class AwsIam:
    """Implements rotation.provider.Provider with a manager's access key, a role, or the machine's own credentials."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._identity: Identity | None = None

    def identify(self) -> Identity:
        """Whose key the manager's is. Changes nothing and needs no permission."""
        call: Callable[[Any], Identity] = lambda sts: answers.identity(sts.get_caller_identity())  # noqa: E731 - asked twice
        self._identity = self._ask("sts", "sts:GetCallerIdentity", call)
        if self._access.role is not None:
            base = AwsIam(replace(self._access, role=None)).identify()
            self._identity = replace(self._identity, assumed_by=base.arn)
        return self._identity

    def create_key(self, user_name: str) -> CreatedKey:
        """Make an access key for the user: asked exactly once, never retried.

        Raises AnswerLost when it is unknown whether AWS made a key; any other RotationError means that it made none.
        """
        facts = {"action": "iam:CreateAccessKey", "user": user_name}
        client = self._client("iam", self._sign(facts), facts, ONCE)
        try:
            return answers.created(client.create_access_key(UserName=user_name))
        except Exception as error:  # noqa: BLE001 - once sent, whatever happens loses the answer
            failure = self._explain(error, facts)
            if _may_have_been_done(error):
                failure = AnswerLost(failure.facts["said"])
        finally:
            client.close()  # a connection that AWS has closed meanwhile would lose the next answer
        raise failure

    def try_key(self, pair: KeyPair, services: tuple[str, ...]) -> list[Answer]:
        """Ask each of `services` once with `pair`, all at the same time, each on a fresh connection."""
        clients = [self._client(service, pair, {"action": _TRIES[service][0]}, TRY) for service in services]
        with ThreadPoolExecutor(len(services)) as pool:
            return list(pool.map(_try, services, clients))

    def session_of(self, pair: KeyPair, duration_s: int) -> TemporaryKey:
        """Temporary credentials of the pair's own user, signed for by `pair`: from 900 to 129,600 seconds.

        Needs no permission. Raises `published_key_refused` when AWS doesn't take the pair.
        """
        facts = {"action": "sts:GetSessionToken"}
        client = self._client("sts", pair, facts)
        try:
            return answers.session(client.get_session_token(DurationSeconds=duration_s))
        except (BotoCoreError, ClientError, *UNREADABLE) as error:
            failure = self._explain(error, facts)
        if failure.code in {"manager_key_unknown", "manager_secret_wrong", "session_refused"}:
            failure = RotationError("published_key_refused", **{**failure.facts, "key": pair.access_key_id})
        raise failure

    def last_use(self, access_key_id: str) -> LastUse:
        """Whose the key is and when it was last used, as far as AWS tells (late, and coarse by 15 minutes).

        Raises `unknown_key` when AWS knows no such key.
        """
        try:
            return self._last_use(access_key_id)
        except RotationError as error:
            failure = error
        if failure.code == "no_such_user":
            failure = RotationError("unknown_key", **failure.facts)
        elif failure.code == "not_permitted" and self._may_read_own_last_use():
            # AWS refuses to speak of a key that it doesn't know, as if it weren't permitted.
            failure = RotationError("unknown_key", **failure.facts)
        raise failure

    def delete_key(self, user_name: str, access_key_id: str) -> None:
        """Delete the key. A key that is already gone is no error (it may be this call's own second try)."""
        self._delete(user_name, access_key_id, key=access_key_id)

    def deactivate_key(self, user_name: str, access_key_id: str) -> None:
        """Make the key inactive; one that is inactive already is no error.

        No service may feel it for some seconds. Raises `unknown_key` when the user has no such key.
        """
        self._update(user_name, access_key_id, "Inactive", key=access_key_id)

    def activate_key(self, user_name: str, access_key_id: str) -> None:
        """Make the key active again, as `deactivate_key` makes it inactive."""
        self._update(user_name, access_key_id, "Active", key=access_key_id)

    def may_deactivate(self, user_name: str) -> None:
        """Raise what UpdateAccessKey on the user would raise (`not_permitted`, `no_such_user`), changing nothing."""
        try:
            self._update(user_name, PROBE_KEY_ID, "Inactive")
        except RotationError as error:
            if error.code != "unknown_key":
                raise

    def list_keys(self, user_name: str) -> list[ListedKey] | None:
        """The user's access keys, or None where the manager may not list them."""
        try:
            return self._ask(
                "iam",
                "iam:ListAccessKeys",
                lambda iam: answers.listed(iam.list_access_keys(UserName=user_name)),
                user=user_name,
            )
        except RotationError as error:
            if error.code != "not_permitted":
                raise
            return None

    def may_delete(self, user_name: str) -> None:
        """Raise what DeleteAccessKey on the user would raise (`not_permitted`, `no_such_user`), deleting nothing."""
        self._delete(user_name, PROBE_KEY_ID)

    def with_key(self, pair: KeyPair) -> AwsIam:
        """The same access with another key of the manager's: to prove that one before it takes the place."""
        return AwsIam(replace(self._access, key=pair))

    def with_role(self, role: Role | None) -> AwsIam:
        """The same access by this role, or by the key itself."""
        return AwsIam(replace(self._access, role=role))

    def may_read_last_use(self) -> None:
        """Raise what GetAccessKeyLastUsed would raise, asked of the manager's own key."""
        self._last_use(self._base({"action": "iam:GetAccessKeyLastUsed"}).access_key_id)

    def _may_read_own_last_use(self) -> bool:
        try:
            self.may_read_last_use()
        except RotationError:
            return False
        return True

    def _last_use(self, access_key_id: str) -> LastUse:
        return self._ask(
            "iam",
            "iam:GetAccessKeyLastUsed",
            lambda iam: answers.used(iam.get_access_key_last_used(AccessKeyId=access_key_id)),
            key=access_key_id,
        )

    def _delete(self, user_name: str, access_key_id: str, **facts: str) -> None:
        try:
            self._ask(
                "iam",
                "iam:DeleteAccessKey",
                lambda iam: iam.delete_access_key(UserName=user_name, AccessKeyId=access_key_id),
                user=user_name,
                **facts,
            )
        except RotationError as error:
            if error.code != "unknown_key":
                raise

    def _update(self, user_name: str, access_key_id: str, status: str, **facts: str) -> None:
        self._ask(
            "iam",
            "iam:UpdateAccessKey",
            lambda iam: iam.update_access_key(UserName=user_name, AccessKeyId=access_key_id, Status=status),
            user=user_name,
            **facts,
        )

    # Asking, and telling what went wrong

    def _ask(self, service: str, action: str, call: Callable[[Any], T], **facts: str) -> T:
        facts["action"] = action
        client = self._client(service, self._sign(facts), facts)
        try:
            return call(client)
        except (BotoCoreError, ClientError, *UNREADABLE) as error:
            failure = self._explain(error, facts)
        raise failure

    def _client(self, service: str, pair: KeyPair, facts: Mapping[str, str], config: Config = PATIENT) -> Any:
        try:
            return make_client(service, pair, self._access, config)
        except (BotoCoreError, ValueError) as error:
            failure = self._explain(error, facts, "aws_refused")
        raise failure

    def _base(self, facts: Mapping[str, str]) -> KeyPair:
        """What the access itself has to sign with: a stored key, or the machine's own credentials."""
        try:
            return credentials.base_pair(self._access)
        except RotationError as error:
            error.facts = {**self._known(), **facts, **error.facts}
            raise

    def _sign(self, facts: Mapping[str, str]) -> KeyPair:
        """What the manager's calls are signed with. Raises before anything is sent but AssumeRole."""
        base = self._base(facts)
        if self._access.role is None:
            return base
        try:
            return credentials.assume(self._access)
        except (BotoCoreError, ClientError, *UNREADABLE) as error:
            failure = self._explain(error, {**facts, "action": "sts:AssumeRole"})
        if failure.code == "not_permitted":
            failure = RotationError("role_not_assumable", **failure.facts)
        raise failure

    def _explain(self, error: Exception, facts: Mapping[str, str], otherwise: str = "aws_unreachable") -> RotationError:
        """The failure that `error` stands for. Of AWS's own answer it takes the code, the ARNs and the request ID."""
        known = {**self._known(), **facts}
        if not isinstance(error, ClientError):
            code = next((ours for kind, ours in NEVER_SENT.items() if isinstance(error, kind)), otherwise)
            return RotationError(code, **{**known, "said": type(error).__name__})
        said, message, status, request_id = answered(error)
        code = BY_CODE.get(said, "aws_unreachable" if status >= 500 else "aws_refused")  # noqa: PLR2004 - HTTP's own
        if code == "no_such_user" and "access key" in message.lower():
            code = "unknown_key"
        if code == "two_keys" and known["action"] != "iam:CreateAccessKey":
            code = "aws_refused"
        if code == "manager_secret_wrong" and CLOCK_WRONG.search(message):
            code, said = "aws_refused", f"{said} (the clock of this machine is wrong)"
        if code.startswith("manager_"):
            known["key"] = self._access.key.access_key_id if self._access.key else ""
            if self._access.role is not None and known["action"] != "sts:AssumeRole":
                credentials.forget(self._access)
                code = "session_refused"
        if code == "not_permitted":
            known = {**known, **_denied(message, known)}
        return RotationError(code, **{**known, "said": said, "request_id": request_id})

    def _known(self) -> dict[str, str]:
        known = {"endpoint": self._access.endpoint_url or f"AWS in {self._access.region}"}
        if self._access.role is not None:
            known |= {"role": self._access.role.arn, "external_id": self._access.role.external_id}
        if self._identity:
            known["account"] = self._identity.account_id
            known["manager"] = _name(self._identity)
        return known


def _may_have_been_done(error: Exception) -> bool:
    """Whether AWS may do, now or later, what was asked."""
    if isinstance(error, ClientError):
        said, _, status, _ = answered(error)
        return status >= 500 or not status or said.startswith("RequestTimeout")  # noqa: PLR2004 - HTTP's own
    if isinstance(error, SSLError):
        return not _certificate_refused(error)
    return not isinstance(error, tuple(NEVER_SENT))


def _certificate_refused(error: SSLError) -> bool:
    cause = error.kwargs.get("error")
    return isinstance(cause, ssl.SSLCertVerificationError) or any(
        isinstance(part, ssl.SSLCertVerificationError) for part in getattr(cause, "args", ())
    )


def _denied(message: str, facts: Mapping[str, str]) -> dict[str, str]:
    """Who was refused on which ARN. AWS names the ARN at times only; else it is built, without the unknown path."""
    named = _DENIED.search(message)
    if named is None:
        return {}
    manager = Identity(named["account"], named["manager"])
    told = {"account": named["account"], "manager": _name(manager)}
    if named["resource"]:
        return {**told, "caller": manager.arn, "arn": named["resource"].rstrip(".,")}
    user = facts.get("user", "")
    return {**told, "arn": f"arn:{named['partition']}:iam::{named['account']}:user/{user}"} if user else told


def _name(manager: Identity) -> str:
    """The user's or the role's name."""
    return manager.resource.rpartition("/")[2] or manager.arn


def _try(service: str, client: Any) -> Answer:
    action, method = _TRIES[service]
    try:
        answer = getattr(client, method)()
        identity = answers.identity(answer) if service == "sts" else None
        request_id = answer["ResponseMetadata"].get("RequestId", "")
        return Answer(service, action, True, identity.arn if identity else "OK", identity, request_id)
    except ClientError as error:
        said, _, _, request_id = answered(error)
        return Answer(service, action, said in _KNOWS_THE_KEY, said, None, request_id)
    except (BotoCoreError, *UNREADABLE) as error:
        return Answer(service, action, accepted=False, said=type(error).__name__)
    finally:
        client.close()  # its connections alone: the next try opens a fresh one
