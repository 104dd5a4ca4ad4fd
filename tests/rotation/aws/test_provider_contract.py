"""What every provider keeps: the same tests over the fake and over boto3 with practice AWS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from botocore.exceptions import ClientError

from practice.seed import FIVE_PERMISSIONS, PracticeAws
from rotation.aws.iam import AwsIam
from rotation.errors import AnswerLost, RotationError
from rotation.provider import SERVICES, KeyPair, Provider
from rotation.reach.access import Access, Role
from rotation.setup.policy import trust_policy
from tests.fake_clock import FakeClock
from tests.fake_provider import ACTIONS, FakeProvider
from tests.practice_aws import new_name
from tests.processes.processes import wait_for

UNKNOWN = KeyPair("AKIAEXAMPLE999999999", "example-secret-of-no-key")


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

    def __init__(self) -> None:
        self.provider = self.fake = FakeProvider(FakeClock(), users=(self.target, self.bystander), path="/apps/")

    def another_key(self):
        self.fake.add_user(self.manager)
        return self.fake.add_key(self.manager)

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
        arn = f"arn:aws:iam::{aws.account_id}:user/{caller.user_name}"
        self.role = aws.make_role(new_name("keyturn-role"), trust_policy(arn, "keyturn-for-tests"))
        self.manager = self.role.rpartition("/")[2]
        role = Role(self.role, "keyturn-for-tests", "keyturn-s12-r41")
        self.provider = AwsIam(Access(caller.key, aws.region, aws.endpoint_url, role=role))

    def deny(self, method):
        left = tuple(action for action in FIVE_PERMISSIONS if action != ACTIONS[method])
        policy = json.dumps(self.aws.policy("/*", left))
        self.aws.iam.put_role_policy(RoleName=self.manager, PolicyName="keyturn", PolicyDocument=policy)


@pytest.fixture(params=["fake", "practice", "role"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return FakeWorld()
    kind = {"practice": PracticeWorld, "role": RoleWorld}[request.param]
    return kind(request.getfixturevalue("practice"))


def code_of(raised: pytest.ExceptionInfo[RotationError]) -> str:
    return raised.value.code


def test_identify_names_the_manager(world):
    identity = world.provider.identify()
    assert identity.resource.rpartition("/")[2] == world.manager
    assert identity.account_id in identity.arn


def test_a_created_key_signs_for_its_user_in_every_service(world):
    created = world.provider.create_key(world.target)
    answers = world.provider.try_key(created.pair, SERVICES)
    assert [(answer.service, answer.accepted) for answer in answers] == [("sts", True), ("iam", True), ("s3", True)]
    assert answers[0].identity.user_name == world.target
    assert answers[0].identity.arn.endswith(f":user/apps/{world.target}")
    assert created.created_at.utcoffset() == timedelta(0)
    assert world.keys_of(world.target) == {created.pair.access_key_id}


def test_a_third_key_is_refused(world):
    kept = {world.make_key(world.target).access_key_id for _ in range(2)}
    with pytest.raises(RotationError) as raised:
        world.provider.create_key(world.target)
    assert code_of(raised) == "two_keys"
    assert raised.value.facts["user"] == world.target
    assert world.keys_of(world.target) == kept


@pytest.mark.parametrize("method", ["create_key", "may_delete", "may_deactivate", "list_keys"])
def test_a_user_who_does_not_exist_is_told(world, method):
    with pytest.raises(RotationError) as raised:
        getattr(world.provider, method)("nobody-of-that-name")
    assert code_of(raised) == "no_such_user"
    assert raised.value.facts["user"] == "nobody-of-that-name"


@pytest.mark.parametrize("made", [True, False])
def test_a_lost_answer_is_told_and_not_asked_again(world, made):
    world.lose_answer(made=made)
    with pytest.raises(AnswerLost):
        world.provider.create_key(world.target)
    assert len(world.keys_of(world.target)) == made


def test_a_throttled_create_makes_nothing(world):
    world.throttle("create_key")
    with pytest.raises(RotationError) as raised:
        world.provider.create_key(world.target)
    assert code_of(raised) == "throttled"
    assert world.keys_of(world.target) == set()


@pytest.mark.parametrize("method", ["create_key", "may_delete", "may_deactivate"])
def test_what_is_not_permitted_names_action_and_user(world, method):
    world.deny(method)
    with pytest.raises(RotationError) as raised:
        getattr(world.provider, method)(world.target)
    assert code_of(raised) == "not_permitted"
    assert raised.value.facts["action"] == ACTIONS[method]
    assert raised.value.facts["arn"].endswith(world.target)


def test_a_key_that_is_not_known_is_refused_everywhere(world):
    answers = world.provider.try_key(UNKNOWN, SERVICES)
    assert [answer.accepted for answer in answers] == [False, False, False]
    assert answers[0].said == "InvalidClientTokenId"


def test_an_inactive_key_is_refused_everywhere(world):
    pair = world.make_key(world.target)
    world.refuse_everywhere(pair)
    assert not any(answer.accepted for answer in world.provider.try_key(pair, SERVICES))


def test_a_wrong_secret_is_refused_everywhere(world):
    pair = KeyPair(world.make_key(world.target).access_key_id, "example-secret-of-another-key")
    answers = world.provider.try_key(pair, SERVICES)
    assert {(answer.accepted, answer.said) for answer in answers} == {(False, "SignatureDoesNotMatch")}


def test_only_the_services_asked_for_are_tried(world):
    pair = world.make_key(world.target)
    assert [answer.service for answer in world.provider.try_key(pair, ("s3", "sts"))] == ["s3", "sts"]


def test_a_key_never_used_names_its_user(world):
    pair = world.make_key(world.target)
    use = world.provider.last_use(pair.access_key_id)
    assert (use.user_name, use.used_at, use.service, use.region) == (world.target, None, "", "")


def test_a_use_tells_when_and_by_which_service(world):
    pair = world.make_key(world.target)
    world.use(pair)
    use = world.provider.last_use(pair.access_key_id)
    assert (use.service, use.region) == ("sts", "eu-central-1")
    assert use.used_at is not None
    assert use.used_at.tzinfo is UTC


def test_the_last_use_of_an_unknown_key_is_told(world):
    with pytest.raises(RotationError) as raised:
        world.provider.last_use(UNKNOWN.access_key_id)
    assert code_of(raised) == "unknown_key"


def test_last_use_that_is_not_permitted_is_told(world):
    pair = world.make_key(world.target)
    world.deny("last_use")
    with pytest.raises(RotationError) as raised:
        world.provider.last_use(pair.access_key_id)
    assert code_of(raised) == "not_permitted"
    with pytest.raises(RotationError) as raised:
        world.provider.may_read_last_use()
    assert code_of(raised) == "not_permitted"


def test_delete_twice_is_no_error(world):
    deleted, kept = world.make_key(world.target), world.make_key(world.target)
    for _ in range(2):
        world.provider.delete_key(world.target, deleted.access_key_id)
    assert world.keys_of(world.target) == {kept.access_key_id}


def test_another_users_key_is_not_deleted(world):
    pair = world.make_key(world.bystander)
    world.provider.delete_key(world.target, pair.access_key_id)
    assert world.keys_of(world.bystander) == {pair.access_key_id}


def test_a_delete_that_is_not_permitted_is_told(world):
    pair = world.make_key(world.target)
    world.deny("delete_key")
    with pytest.raises(RotationError) as raised:
        world.provider.delete_key(world.target, pair.access_key_id)
    assert code_of(raised) == "not_permitted"
    assert world.keys_of(world.target) == {pair.access_key_id}


def test_a_deactivated_key_is_refused_until_it_is_activated_again(world):
    pair = world.make_key(world.target)
    for _ in range(2):
        world.provider.deactivate_key(world.target, pair.access_key_id)
    assert world.active_of(world.target) == {pair.access_key_id: False}
    assert not any(answer.accepted for answer in world.provider.try_key(pair, SERVICES))
    for _ in range(2):
        world.provider.activate_key(world.target, pair.access_key_id)
    assert world.active_of(world.target) == {pair.access_key_id: True}


def test_a_session_signs_for_the_keys_user(world):
    pair = world.make_key(world.target)
    session = world.provider.session_of(pair, 900)
    assert session.pair.access_key_id.startswith("ASIA")
    assert session.pair.session_token
    assert session.expires_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("after", ["", "the key is deleted", "it has expired"])
def test_practice_aws_takes_its_sessions_as_aws_does(practice, after):
    """Whatever becomes of the key, until they expire; and never for IAM."""
    user = practice.make_target(new_name("billing-api"))
    practice.set(session_at_most_s=1 if after == "it has expired" else 0)
    session = AwsIam(Access(user.key, practice.region, practice.endpoint_url)).session_of(user.key, 900)
    sts, iam = (practice.client(service, session.pair) for service in ("sts", "iam"))
    if after == "the key is deleted":
        practice.iam.delete_access_key(UserName=user.user_name, AccessKeyId=user.key.access_key_id)
    if after == "it has expired":
        wait_for(lambda: datetime.now(UTC) > session.expires_at + timedelta(seconds=1), "its end")
        with pytest.raises(ClientError, match="ExpiredToken"):
            sts.get_caller_identity()
        return
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{user.user_name}")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        iam.get_user()


def test_no_session_by_a_key_that_aws_refuses(world):
    pair = world.make_key(world.target)
    for wrong in (UNKNOWN, KeyPair(pair.access_key_id, "example-secret-of-another-key")):
        with pytest.raises(RotationError) as raised:
            world.provider.session_of(wrong, 900)
        assert code_of(raised) == "published_key_refused"
        assert raised.value.facts["key"] == wrong.access_key_id
    world.refuse_everywhere(pair)
    with pytest.raises(RotationError) as raised:
        world.provider.session_of(pair, 900)
    assert code_of(raised) == "published_key_refused"


@pytest.mark.parametrize("method", ["deactivate_key", "activate_key"])
def test_what_can_not_be_deactivated_is_told(world, method):
    theirs = world.make_key(world.bystander)
    for key in (UNKNOWN, theirs):
        with pytest.raises(RotationError) as raised:
            getattr(world.provider, method)(world.target, key.access_key_id)
        assert code_of(raised) == "unknown_key"
    assert world.active_of(world.bystander) == {theirs.access_key_id: True}
    pair = world.make_key(world.target)
    world.deny(method)
    with pytest.raises(RotationError) as raised:
        getattr(world.provider, method)(world.target, pair.access_key_id)
    assert code_of(raised) == "not_permitted"
    assert raised.value.facts["action"] == "iam:UpdateAccessKey"
    assert world.active_of(world.target) == {pair.access_key_id: True}


def test_keys_are_listed_with_their_state(world):
    active, inactive = world.make_key(world.target), world.make_key(world.target)
    world.refuse_everywhere(inactive)
    rows = world.provider.list_keys(world.target)
    assert rows is not None
    assert {row.access_key_id: row.active for row in rows} == {
        active.access_key_id: True,
        inactive.access_key_id: False,
    }
    assert all(row.created_at.utcoffset() == timedelta(0) for row in rows)


def test_keys_that_may_not_be_listed_are_none(world):
    world.deny("list_keys")
    assert world.provider.list_keys(world.target) is None


def test_asking_what_is_permitted_changes_nothing(world):
    pair = world.make_key(world.target)
    world.provider.may_delete(world.target)
    world.provider.may_deactivate(world.target)
    world.provider.may_read_last_use()
    assert world.keys_of(world.target) == {pair.access_key_id}


def test_another_key_of_the_managers_asks_in_its_place(world):
    other = world.provider.with_key(world.another_key())
    assert other.identify().resource == world.provider.identify().resource
    other.may_delete(world.target)
    other.may_read_last_use()
    with pytest.raises(RotationError) as raised:
        world.provider.with_key(UNKNOWN).may_delete(world.target)
    assert code_of(raised) == "manager_key_unknown"
    world.provider.may_delete(world.target)
