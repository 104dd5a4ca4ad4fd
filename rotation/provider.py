"""What the engine asks of a provider: the seam between a rotation and one kind of credential.

`rotation/aws/iam.py` is the real one, `tests/fake_provider.py` the one for tests; the same contract tests
(`tests/rotation/aws/test_provider_contract.py`) hold both to what stands here. Every method raises
`rotation.errors.RotationError` with a code of the closed list, and nothing else, when AWS refuses or is out of reach.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

SERVICES = ("sts", "iam", "s3")


@dataclass(frozen=True)
class KeyPair:
    """An access key ID with its secret access key, which no `repr` and so no traceback shows."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    """Only temporary credentials have one."""


@dataclass(frozen=True)
class Role:
    """A role to assume. The session's name tells AWS's own log which strategy and rotation asked."""

    arn: str
    external_id: str
    session_name: str


@dataclass(frozen=True)
class Identity:
    """Who a key signs for, as STS GetCallerIdentity answers."""

    account_id: str
    arn: str
    assumed_by: str = ""
    """The ARN of who assumed the role, where it was one."""

    @property
    def signer(self) -> Identity:
        """Who signs: itself, or who assumed the role."""
        return Identity(self.assumed_by.split(":")[4], self.assumed_by) if self.assumed_by else self

    @property
    def user_name(self) -> str:
        """The IAM user's name, or an empty string when the ARN isn't a user's."""
        resource = self.resource
        return resource.rpartition("/")[2] if resource.startswith("user/") else ""

    @property
    def resource(self) -> str:
        """What the ARN ends in, `user/ops/key-manager`; of a role's session the role, `role/keyturn`."""
        resource = self.arn.rpartition(":")[2]
        kind, _, rest = resource.partition("/")
        return f"role/{rest.partition('/')[0]}" if kind == "assumed-role" else resource


@dataclass(frozen=True)
class CreatedKey:
    """The answer to CreateAccessKey."""

    pair: KeyPair
    created_at: datetime
    request_id: str


@dataclass(frozen=True)
class TemporaryKey:
    """The answer to STS GetSessionToken: credentials that no one can revoke, until they expire."""

    pair: KeyPair
    expires_at: datetime


@dataclass(frozen=True)
class LastUse:
    """The answer to GetAccessKeyLastUsed: whose the key is, and its last recorded use, if any."""

    user_name: str
    used_at: datetime | None = None
    service: str = ""
    region: str = ""


@dataclass(frozen=True)
class ListedKey:
    """One row of ListAccessKeys."""

    access_key_id: str
    active: bool
    created_at: datetime


@dataclass(frozen=True)
class Answer:
    """What one service said to a new key.

    `accepted` is true when the service knows the key, be it by refusing the action (AccessDenied). `said` is AWS's own
    word for it (an error code, or an ARN); `identity` is set for STS only.
    """

    service: str
    action: str
    accepted: bool
    said: str
    identity: Identity | None = None
    request_id: str = ""


class Provider(Protocol):
    """One manager's access to AWS."""

    def identify(self) -> Identity:
        """Whose key the manager's is. Changes nothing and needs no permission."""
        ...

    def create_key(self, user_name: str) -> CreatedKey:
        """Make an access key for the user: asked exactly once, never retried.

        Raises AnswerLost when it is unknown whether AWS made a key; any other RotationError means that it made none.
        """
        ...

    def try_key(self, pair: KeyPair, services: tuple[str, ...]) -> list[Answer]:
        """Ask each of `services` once with `pair`, all at the same time, each on a fresh connection."""
        ...

    def session_of(self, pair: KeyPair, duration_s: int) -> TemporaryKey:
        """Temporary credentials of the pair's own user, signed for by `pair`: from 900 to 129,600 seconds.

        Needs no permission. Raises `published_key_refused` when AWS doesn't take the pair.
        """
        ...

    def last_use(self, access_key_id: str) -> LastUse:
        """Whose the key is and when it was last used, as far as AWS tells (late, and coarse by 15 minutes).

        Raises `unknown_key` when AWS knows no such key.
        """
        ...

    def delete_key(self, user_name: str, access_key_id: str) -> None:
        """Delete the key. A key that is already gone is no error (it may be this call's own second try)."""
        ...

    def deactivate_key(self, user_name: str, access_key_id: str) -> None:
        """Make the key inactive; one that is inactive already is no error.

        No service may feel it for some seconds. Raises `unknown_key` when the user has no such key.
        """
        ...

    def activate_key(self, user_name: str, access_key_id: str) -> None:
        """Make the key active again, as `deactivate_key` makes it inactive."""
        ...

    def may_deactivate(self, user_name: str) -> None:
        """Raise what UpdateAccessKey on the user would raise (`not_permitted`, `no_such_user`), changing nothing."""
        ...

    def list_keys(self, user_name: str) -> list[ListedKey] | None:
        """The user's access keys, or None where the manager may not list them."""
        ...

    def may_delete(self, user_name: str) -> None:
        """Raise what DeleteAccessKey on the user would raise (`not_permitted`, `no_such_user`), deleting nothing."""
        ...

    def with_key(self, pair: KeyPair) -> Provider:
        """The same access with another key of the manager's: to prove that one before it takes the place."""
        ...

    def with_role(self, role: Role | None) -> Provider:
        """The same access by this role, or by the key itself."""
        ...

    def may_read_last_use(self) -> None:
        """Raise what GetAccessKeyLastUsed would raise, asked of the manager's own key."""
        ...
