"""The accounts that the contract of providers is tested in: a fake one, and practice AWS by key and by role."""

from __future__ import annotations

import json
from typing import Protocol

from practice.seed import FIVE_PERMISSIONS, PracticeAws
from rotation.aws.iam import AwsIam
from rotation.provider import KeyPair, Provider, Role
from rotation.reach.access import Access
from rotation.setup.policy import trust_policy
from tests.fake_clock import FakeClock
from tests.fake_provider import ACTIONS, FakeProvider
from tests.practice_aws import new_name


class World(Protocol):
    """An account with a target and a bystander, and what a test does to it behind the provider's back."""

    provider: Provider
    manager: str
    target: str
    bystander: str

    def make_key(self, user_name: str) -> KeyPair: ...
    def another_key(self) -> KeyPair: ...
    def keys_of(self, user_name: str) -> set[str]: ...
    def active_of(self, user_name: str) -> dict[str, bool]: ...
    def use(self, pair: KeyPair) -> None: ...
    def deny(self, method: str) -> None: ...
    def throttle(self, method: str) -> None: ...
    def lose_answer(self, *, made: bool) -> None: ...
    def refuse_everywhere(self, pair: KeyPair) -> None: ...


class FakeWorld:
    manager, target, bystander = "keyturn-manager", "billing-api", "log-shipper"
    caller = manager

    def __init__(self) -> None:
        self.provider = self.fake = FakeProvider(FakeClock(), users=(self.target, self.bystander), path="/apps/")

    def another_key(self):
        self.fake.add_user(self.manager)
        return self.fake.add_key(self.manager)

    def make_role(self):
        return "arn:aws:iam::111122223333:role/keyturn"

    def make_key(self, user_name):
        return self.fake.add_key(user_name)

    def keys_of(self, user_name):
        return set(self.fake.keys_of(user_name))

    def active_of(self, user_name):
        return {key_id: self.fake.keys[key_id].active for key_id in self.fake.keys_of(user_name)}

    def use(self, pair):
        self.fake.use_key(pair.access_key_id, "sts")

    def deny(self, method):
        self.fake.deny(method)

    def throttle(self, method):
        self.fake.fail_next(method, "throttled")

    def lose_answer(self, *, made):
        self.fake.lose_next_answer(made=made)

    def refuse_everywhere(self, pair):
        self.fake.keys[pair.access_key_id].active = False


class PracticeWorld:
    def __init__(self, aws: PracticeAws) -> None:
        self.aws = aws
        self.manager, self.target, self.bystander = map(new_name, ("keyturn-manager", "billing-api", "log-shipper"))
        made = aws.make_manager(self.manager)
        self.caller = self.manager
        for user_name in (self.target, self.bystander):
            aws.make_target(user_name, path="/apps/", with_key=False)
        self.provider = AwsIam(Access(made.key, aws.region, aws.endpoint_url))

    def another_key(self):
        return self.aws.make_key(self.caller)

    def make_role(self):
        arn = f"arn:aws:iam::{self.aws.account_id}:user/{self.caller}"
        return self.aws.make_role(new_name("keyturn-role"), trust_policy(arn, "keyturn-for-tests"))

    def make_key(self, user_name):
        return self.aws.make_key(user_name)

    def keys_of(self, user_name):
        rows = self.aws.iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"]
        return {row["AccessKeyId"] for row in rows}

    def active_of(self, user_name):
        rows = self.aws.iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"]
        return {row["AccessKeyId"]: row["Status"] == "Active" for row in rows}

    def use(self, pair):
        self.aws.client("sts", pair).get_caller_identity()

    def deny(self, method):
        left = tuple(action for action in FIVE_PERMISSIONS if action != ACTIONS[method])
        self.aws.allow(self.manager, self.aws.policy("/*", left))

    def throttle(self, method):
        self.aws.fail("throttle", ACTIONS[method])

    def lose_answer(self, *, made):
        self.aws.fail("drop", "CreateAccessKey", when="after" if made else "before")

    def refuse_everywhere(self, pair):
        user_name = self.provider.last_use(pair.access_key_id).user_name
        self.aws.iam.update_access_key(UserName=user_name, AccessKeyId=pair.access_key_id, Status="Inactive")


class RoleWorld(PracticeWorld):
    """The manager is a role that another user, who may do nothing else, assumes."""

    def __init__(self, aws: PracticeAws) -> None:
        super().__init__(aws)
        caller = aws.make_target(new_name("keyturn"))
        self.caller = caller.user_name
        self.role = self.make_role()
        self.manager = self.role.rpartition("/")[2]
        role = Role(self.role, "keyturn-for-tests", "keyturn-s12-r41")
        self.provider = AwsIam(Access(caller.key, aws.region, aws.endpoint_url, role=role))

    def deny(self, method):
        left = tuple(action for action in FIVE_PERMISSIONS if action != ACTIONS[method])
        policy = json.dumps(self.aws.policy("/*", left))
        self.aws.iam.put_role_policy(RoleName=self.manager, PolicyName="keyturn", PolicyDocument=policy)
