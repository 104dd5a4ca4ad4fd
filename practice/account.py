"""moto's state: the users, keys and policies of the one account that practice AWS has, and who signs a request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import SignatureDoesNotMatchError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam import access_control
from moto.iam.models import AccessKey, AccessKeyLastUsed, IAMBackend, User, iam_backends
from moto.s3.exceptions import BucketSignatureDoesNotMatchError, S3SignatureDoesNotMatchError
from moto.utilities.utils import get_partition

from practice.request import Request
from practice.sessions import session_of
from rotation.provider import KeyPair

ACCOUNT_ID = DEFAULT_ACCOUNT_ID
ROOT = "practice-root"
LAST_USED = "iam:GetAccessKeyLastUsed"
# Without a user name these are about the caller.
_ABOUT_CALLER = {
    f"iam:{name}" for name in ("GetUser", "CreateAccessKey", "DeleteAccessKey", "ListAccessKeys", "UpdateAccessKey")
}
_WRONG_SIGNATURE = (SignatureDoesNotMatchError, S3SignatureDoesNotMatchError, BucketSignatureDoesNotMatchError)

Use = tuple[datetime, str, str]
"""When a key was used, by which service and in which region."""


class Account:
    """The account in the partition of a request's region."""

    def __init__(self, region: str) -> None:
        self.partition = get_partition(region)
        self.iam: IAMBackend = iam_backends[ACCOUNT_ID][self.partition]
        """What moto holds."""

    def key(self, access_key_id: str) -> AccessKey | None:
        """The access key of that ID, active or not, or None."""
        return self.iam.access_keys.get(access_key_id)

    def owner(self, access_key_id: str) -> str:
        """The name of the key's user; empty when there is none, or the key is a role's."""
        key = self.key(access_key_id)
        return str(key.user_name) if key and key.user_name else ""

    def user_arn(self, name: str) -> str:
        """The user's ARN with its path; that of a user who doesn't exist has none."""
        user = self.user(name)
        return str(user.arn) if user else f"arn:{self.partition}:iam::{ACCOUNT_ID}:user/{name}"

    def trust_of(self, role_arn: str) -> dict[str, Any] | None:
        """The role's trust policy, or None when there is no such role."""
        role = next((role for role in self.iam.roles.values() if role.arn == role_arn), None)
        return json.loads(role.assume_role_policy_document) if role else None

    def root_key(self) -> KeyPair:
        """The key of the user that may do everything; both are made at the first call of a process."""
        if self.user(ROOT) is None:
            everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
            self.iam.create_user("us-east-1", ROOT).put_policy("everything", json.dumps(everything))
            self.iam.create_access_key(ROOT)
        key = self.iam.list_access_keys(ROOT)[0]
        return KeyPair(key.access_key_id, key.secret_access_key)

    def keys(self) -> dict[str, tuple[AccessKey, bool]]:
        """All users' access keys by ID, and whether each is active."""
        users = self.iam.users.values()
        return {key.access_key_id: (key, key.status == "Active") for user in users for key in user.access_keys}

    def last_uses(self) -> dict[str, Use]:
        """Of each used key: when, by which service and where moto saw it last."""
        used = {id_: key.last_used for id_, key in self.iam.access_keys.items()}
        return {
            id_: (last.timestamp.replace(tzinfo=UTC), last.service, last.region) for id_, last in used.items() if last
        }

    def tell_last_use(self, access_key_id: str, use: Use | None) -> None:
        """Let GetAccessKeyLastUsed answer with this use: moto itself would tell the very last one."""
        if key := self.key(access_key_id):
            key.last_used = AccessKeyLastUsed(*use) if use else None

    @contextmanager
    def with_deleted(self, key: AccessKey | None) -> Iterator[None]:
        """Have this deleted key there for a moment, as a replica does that hasn't heard of its end."""
        user = self.user(str(key.user_name)) if key is not None and self.key(key.access_key_id) is None else None
        if key is None or user is None:
            yield
            return
        self.iam.access_keys[key.access_key_id] = key
        user.access_keys.append(key)
        try:
            yield
        finally:
            self.iam.access_keys.pop(key.access_key_id, None)
            user.access_keys[:] = [other for other in user.access_keys if other is not key]

    def user(self, name: str) -> User | None:
        """The user of that name as moto has it, or None."""
        return next((user for user in self.iam.users.values() if user.name == name), None)


class Signer:
    """Who signs a request: a user or an assumed role, with its secret and its policies as moto holds them."""

    def __init__(self, request: Request) -> None:
        account, headers = Account(request.region), {name.title(): value for name, value in request.headers.items()}
        kind = access_control.S3IAMRequest if request.service == "s3" else access_control.IAMRequest
        self._credentials = access_control.create_access_key(
            ACCOUNT_ID, account.partition, request.access_key_id, headers
        )
        self._signed = kind(
            ACCOUNT_ID, request.method, request.target, request.params, request.body, headers, request.action
        )
        self._session = session_of(request)
        user_name = account.owner(request.access_key_id)
        self.arn = account.user_arn(user_name) if user_name else str(self._credentials.arn)

    def has_the_secret(self) -> bool:
        """Whether the request's signature was made with the key's secret."""
        try:
            self._signed.check_signature()
        except _WRONG_SIGNATURE:
            return False
        return True

    def policies(self) -> list[dict[str, Any]]:
        """The policy documents that hold for the signer: own, attached, and the groups'."""
        found = self._session.policies() if self._session else self._credentials.collect_policies()
        return [json.loads(_document(policy)) for policy in found]


def _document(policy: Any) -> str:
    """A policy's text: moto holds a user's own as dictionaries, a role's as text, managed ones with versions."""
    if isinstance(policy, str):
        return policy
    if isinstance(policy, dict):
        return str(policy["policy_document"])
    return str(next(version.document for version in policy.versions if version.is_default))


def user_concerned(request: Request) -> str:
    """The name of the user that an IAM action is about; empty when it is about none."""
    account, params = Account(request.region), request.params
    if request.action == LAST_USED:
        return account.owner(params.get("AccessKeyId", ""))
    return params.get("UserName", account.owner(request.access_key_id) if request.action in _ABOUT_CALLER else "")


def concerned(request: Request) -> tuple[str, str]:
    """The ARN that the request's action is judged by, and how IAM's refusal words it."""
    account, params = Account(request.region), request.params
    if request.service == "s3":
        arn = f"arn:{account.partition}:s3:::{request.path.strip('/')}" if request.path != "/" else "*"
        return arn, f'"{arn}"'
    name = user_concerned(request)
    if request.action == "iam:CreateUser":
        return f"arn:{account.partition}:iam::{ACCOUNT_ID}:user{params.get('Path', '/')}{name}", f"user {name}"
    if name:
        return account.user_arn(name), f"user {name}"
    arn = params.get("RoleArn", "*")
    return arn, f"access key {params['AccessKeyId']}" if "AccessKeyId" in params else arn
