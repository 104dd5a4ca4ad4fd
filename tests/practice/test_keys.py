"""Which keys practice AWS takes, and what it lets them do, as the real one does."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from practice.seed import THREE_PERMISSIONS, PracticeAws
from rotation.provider import SERVICES, KeyPair
from tests.practice_aws import new_name

REFUSALS = {"sts": "InvalidClientTokenId", "iam": "InvalidClientTokenId", "s3": "InvalidAccessKeyId"}
CALLS = {"sts": "get_caller_identity", "iam": "get_user", "s3": "list_buckets"}


def said(practice: PracticeAws, service: str, pair: KeyPair) -> str:
    try:
        getattr(practice.client(service, pair), CALLS[service])()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "OK"


@pytest.fixture
def manager(practice):
    return practice.make_manager(new_name("keyturn-manager"), targets_path="/apps/", permissions=THREE_PERMISSIONS)


@pytest.fixture
def target(practice):
    return practice.make_target(new_name("billing-api"), path="/apps/", with_key=False)


def create_as(practice, manager, user_name):
    return practice.client("iam", manager.key).create_access_key(UserName=user_name)["AccessKey"]


def document(action, resource):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def denied(call, **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    assert raised.value.response["Error"]["Code"] == "AccessDenied"
    return raised.value.response["Error"]["Message"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_new_key_is_not_known_at_first(practice, manager, target, service):
    practice.set(propagation_s=[3600, 7200])
    key = create_as(practice, manager, target.user_name)
    assert said(practice, service, KeyPair(key["AccessKeyId"], key["SecretAccessKey"])) == REFUSALS[service]


def test_a_key_that_the_root_made_is_known_at_once(practice):
    practice.set(propagation_s=[3600, 7200])
    assert said(practice, "sts", practice.make_target(new_name("billing-api")).key) == "OK"


@pytest.mark.parametrize("service", SERVICES)
def test_an_inactive_key_is_refused(practice, service):
    user = practice.make_target(new_name("billing-api"))
    assert said(practice, service, user.key) != REFUSALS[service]
    practice.iam.update_access_key(UserName=user.user_name, AccessKeyId=user.key.access_key_id, Status="Inactive")
    assert said(practice, service, user.key) == REFUSALS[service]


@pytest.mark.parametrize("service", SERVICES)
def test_a_deleted_key_is_refused(practice, service):
    user = practice.make_target(new_name("billing-api"))
    practice.iam.delete_access_key(UserName=user.user_name, AccessKeyId=user.key.access_key_id)
    assert said(practice, service, user.key) == REFUSALS[service]


@pytest.mark.parametrize("service", SERVICES)
def test_a_wrong_secret_is_refused(practice, service):
    pair = practice.make_target(new_name("billing-api")).key
    assert said(practice, service, KeyPair(pair.access_key_id, "example-secret")) == "SignatureDoesNotMatch"


def test_a_wrong_secret_is_told_before_a_missing_permission(practice, manager):
    iam = practice.client("iam", KeyPair(manager.key.access_key_id, "example-secret"))
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        iam.create_access_key(UserName="nobody")


def test_a_user_outside_the_policys_path_is_denied(practice, manager):
    other = practice.make_target(new_name("log-shipper"), path="/")
    message = denied(practice.client("iam", manager.key).create_access_key, UserName=other.user_name)
    assert f":user/{manager.user_name} is not authorized to perform: iam:CreateAccessKey" in message
    assert f"on resource: user {other.user_name}" in message


def test_an_action_that_the_policy_lacks_is_denied(practice, manager, target):
    denied(practice.client("iam", manager.key).list_access_keys, UserName=target.user_name)


def test_the_policy_of_a_group_counts(practice, target):
    group, user = new_name("managers"), practice.make_target(new_name("keyturn-manager"))
    practice.iam.create_group(GroupName=group)
    policy = practice.iam.create_policy(
        PolicyName=group,
        PolicyDocument=document("iam:*", "*"),
    )
    practice.iam.attach_group_policy(GroupName=group, PolicyArn=policy["Policy"]["Arn"])
    denied(practice.client("iam", user.key).create_access_key, UserName=target.user_name)
    practice.iam.add_user_to_group(GroupName=group, UserName=user.user_name)
    assert create_as(practice, user, target.user_name)["UserName"] == target.user_name


def test_the_last_use_of_an_unknown_key_is_hidden_or_not_found(practice, manager):
    ask = practice.client("iam", manager.key).get_access_key_last_used
    denied(ask, AccessKeyId="AKIAEXAMPLE999999999")
    practice.set(hides_unknown_keys=False)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        ask(AccessKeyId="AKIAEXAMPLE999999999")


def test_a_use_that_is_denied_is_a_use(practice):
    user = practice.make_target(new_name("billing-api"))
    assert said(practice, "s3", user.key) == "AccessDenied"
    used = practice.iam.get_access_key_last_used(AccessKeyId=user.key.access_key_id)
    assert used["AccessKeyLastUsed"]["ServiceName"] == "s3"


def test_an_assumed_role_signs_with_its_own_policies(practice):
    role, trust = (
        new_name("deployer"),
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}',
    )
    practice.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
    arn = f"arn:aws:iam::{practice.account_id}:role/{role}"
    caller = practice.make_target(new_name("billing-api"))
    sts = practice.client("sts", caller.key)
    denied(sts.assume_role, RoleArn=arn, RoleSessionName="session")
    practice.iam.put_user_policy(
        UserName=caller.user_name,
        PolicyName="assume",
        PolicyDocument=document("sts:AssumeRole", arn),
    )
    assert sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]["AccessKeyId"].startswith("ASIA")


def test_no_repr_shows_a_secret(practice, manager):
    assert manager.key.secret_access_key not in repr(manager) + repr(practice) + str(manager.key)


def test_a_user_without_a_key_says_so(target):
    with pytest.raises(ValueError, match=target.user_name):
        _ = target.key
