"""Practice values: a manager and targets, made by practice AWS's root over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from botocore.config import Config
from botocore.session import Session

from rotation.provider import KeyPair

REGION = "eu-central-1"
THREE_PERMISSIONS = ("iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:GetAccessKeyLastUsed")
FIVE_PERMISSIONS = (*THREE_PERMISSIONS, "iam:ListAccessKeys", "iam:UpdateAccessKey")


@dataclass(frozen=True)
class PracticeUser:
    """An IAM user with its path and, where it has one, its access key."""

    user_name: str
    path: str
    pair: KeyPair | None = None

    @property
    def key(self) -> KeyPair:
        """The user's access key. Raises ValueError where it was made without one."""
        if self.pair is None:
            raise ValueError(f"{self.user_name} was made without an access key.")
        return self.pair


class PracticeAws:
    """A running practice AWS, by its root's key."""

    def __init__(self, endpoint_url: str, account_id: str, root: KeyPair, region: str = REGION) -> None:
        self.endpoint_url = endpoint_url
        self.account_id = account_id
        self.region = region
        self._root = root
        self._session = Session()
        self.iam = self.client("iam", root)

    @classmethod
    def from_ready_file(cls, path: Path, region: str = REGION) -> PracticeAws:
        """The practice AWS that wrote this file."""
        facts = json.loads(path.read_text(encoding="utf-8"))
        return cls(facts["endpoint_url"], facts["account_id"], KeyPair(**facts["root"]), region)

    def client(self, service: str, pair: KeyPair, read_timeout_s: float = 15) -> Any:
        """A plain boto3 client of `service` that signs with `pair` and tries each call once."""
        return self._session.create_client(
            service, region_name=self.region, endpoint_url=self.endpoint_url,
            aws_access_key_id=pair.access_key_id, aws_secret_access_key=pair.secret_access_key,
            aws_session_token=pair.session_token or None,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=read_timeout_s),
        )  # fmt: skip

    def make_manager(
        self,
        user_name: str,
        *,
        targets_path: str = "/",
        permissions: tuple[str, ...] = FIVE_PERMISSIONS,
        path: str = "/",
    ) -> PracticeUser:
        """Make a manager who may turn the keys of all users below `targets_path`, and its access key."""
        self.iam.create_user(UserName=user_name, Path=path)
        self.allow(user_name, self.policy(f"{targets_path}*", permissions))
        return PracticeUser(user_name, path, self.make_key(user_name))

    def make_role(self, name: str, trust: str, *, permissions: tuple[str, ...] = FIVE_PERMISSIONS) -> str:
        """Make a role with this trust policy that may turn the keys of all users; returns its ARN."""
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
        document = json.dumps(self.policy("/*", permissions))
        self.iam.put_role_policy(RoleName=name, PolicyName="keyturn", PolicyDocument=document)
        return str(made["Arn"])

    def make_target(self, user_name: str, *, path: str = "/", with_key: bool = True) -> PracticeUser:
        """Make a target without permissions of its own, with a first access key or none."""
        self.iam.create_user(UserName=user_name, Path=path)
        return PracticeUser(user_name, path, self.make_key(user_name) if with_key else None)

    def make_key(self, user_name: str) -> KeyPair:
        """Make an access key by hand; every replica knows it at once."""
        key = self.iam.create_access_key(UserName=user_name)["AccessKey"]
        return KeyPair(key["AccessKeyId"], key["SecretAccessKey"])

    def allow(self, user_name: str, policy: Mapping[str, Any]) -> None:
        """Give a user this policy in place of the one given before."""
        self.iam.put_user_policy(UserName=user_name, PolicyName="keyturn", PolicyDocument=json.dumps(policy))

    def policy(self, users: str, permissions: tuple[str, ...] = FIVE_PERMISSIONS) -> dict[str, Any]:
        """The policy that allows a manager to turn `users` (path and name, as in `/apps/*`).

        GetAccessKeyLastUsed is allowed on every user, so that the manager can ask it of its own key.
        """
        own = [name for name in permissions if name != "iam:GetAccessKeyLastUsed"]
        statements = [{"Effect": "Allow", "Action": own, "Resource": f"arn:aws:iam::{self.account_id}:user{users}"}]
        if len(own) < len(permissions):
            statements.append({"Effect": "Allow", "Action": ["iam:GetAccessKeyLastUsed"], "Resource": "*"})
        return {"Version": "2012-10-17", "Statement": statements}

    def set(self, **behaviour: Any) -> None:
        """Change how it behaves (practice.behaviour.Behaviour). Raises ValueError on what can't be, as `fail` does."""
        self._administer("POST", "settings", behaviour)

    def fail(self, kind: str, action: str = "*", **fault: Any) -> None:
        """Let the next call of `action` meet a fault (practice.behaviour.faults.Fault)."""
        self._administer("POST", "faults", {"kind": kind, "action": action, **fault})

    def faults(self) -> list[dict[str, Any]]:
        """The faults still to come."""
        return list(self._administer("GET", "faults"))

    def clear_faults(self) -> None:
        """Let nothing go wrong from now on."""
        self._administer("DELETE", "faults")

    def meanwhile(self, does: str, action: str = "*", **deed: Any) -> None:
        """Have the account's owner do something at the next call of `action` (practice.behaviour.deeds.Deed)."""
        self._administer("POST", "deeds", {"does": does, "action": action, **deed})

    def give_back(self, user_name: str) -> None:
        """Give a user back the permissions that a deed took away."""
        with suppress(self.iam.exceptions.NoSuchEntityException):
            self.iam.delete_user_policy(UserName=user_name, PolicyName="taken-away")

    def clear_deeds(self) -> None:
        """Plan no deed any more."""
        self._administer("DELETE", "deeds")

    def calls(self) -> list[dict[str, Any]]:
        """The log of calls (practice.log.Call), oldest first."""
        return list(self._administer("GET", "calls"))

    def clear_calls(self) -> None:
        """Forget the calls so far."""
        self._administer("DELETE", "calls")

    def _administer(self, method: str, route: str, values: Mapping[str, Any] | None = None) -> Any:
        request = Request(  # noqa: S310 - practice AWS's own address
            f"{self.endpoint_url}/practice/{route}",
            data=None if values is None else json.dumps(values).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise ValueError(json.load(error)["error"]) from None
