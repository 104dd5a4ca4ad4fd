"""The same checks over boto3 and HTTP: what AWS's own answers lead to."""

from __future__ import annotations

import json

import pytest

from practice.seed import FIVE_PERMISSIONS, THREE_PERMISSIONS, PracticeAws
from rotation.aws.iam import AwsIam
from rotation.provider import KeyPair
from rotation.reach.access import Access
from rotation.setup.checks import EXISTING, MANAGER, ROOM, USER, Outcome, Target, check, check_connection
from rotation.setup.policy import DELETE, LAST_USE, LIST, RECOMMENDED, SMALLEST, User, policy
from tests.practice_aws import new_name


@pytest.fixture
def target(practice: PracticeAws):
    return practice.make_target(new_name("target"), path="/apps/")


def provider(practice, pair, endpoint_url=None):
    return AwsIam(Access(pair, practice.region, endpoint_url or practice.endpoint_url))


def manager_with(practice, document):
    """A manager with this policy and no other."""
    name = new_name("manager")
    practice.iam.create_user(UserName=name)
    practice.iam.put_user_policy(UserName=name, PolicyName="keyturn", PolicyDocument=document)
    return provider(practice, practice.make_key(name))


def keys_of(practice, user_name):
    return [row["AccessKeyId"] for row in practice.iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"]]


@pytest.mark.parametrize("actions", [RECOMMENDED, SMALLEST])
def test_the_policy_on_the_page_passes_the_check(practice, target, actions):
    document = policy([User(target.user_name, target.path, practice.account_id)], actions, practice.region)
    asked = manager_with(practice, document)

    report = check(asked, Target(target.user_name, named=target.key.access_key_id))

    assert not report.failed
    told = {finding.asked: finding.outcome for finding in report.findings}
    assert {told[name] for name in (MANAGER, USER, DELETE, LAST_USE, EXISTING)} == {Outcome.OK}
    assert told[LIST] is (Outcome.OK if actions is RECOMMENDED else Outcome.UNTESTED)
    assert keys_of(practice, target.user_name) == [target.key.access_key_id]


def test_a_policy_that_names_the_user_without_its_path(practice, target):
    document = policy([User(target.user_name, "/", practice.account_id)], SMALLEST, practice.region)

    found = check(manager_with(practice, document), Target(target.user_name)).find(DELETE)

    assert found.code == "not_permitted"
    assert f"{DELETE} on {target.user_name}" in found.sentence


def test_last_use_for_the_targets_keys_alone_is_enough_and_no_failure(practice, target):
    arn = User(target.user_name, target.path, practice.account_id).arn(practice.region)
    statement = {"Effect": "Allow", "Action": list(THREE_PERMISSIONS), "Resource": arn}
    asked = manager_with(practice, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    assert not check(asked, Target(target.user_name)).failed
    known = check(asked, Target(target.user_name, keys=(target.key.access_key_id,)))
    assert known.find(LAST_USE).outcome is Outcome.OK


def test_no_such_user(practice):
    manager = practice.make_manager(new_name("manager"), targets_path="/")
    report = check(provider(practice, manager.key), Target("nobody-of-that-name"))
    assert report.find(USER).code == "no_such_user"


def test_a_key_that_is_not_the_users(practice, target):
    manager = practice.make_manager(new_name("manager"), targets_path="/", permissions=THREE_PERMISSIONS)
    other = practice.make_target(new_name("other"))
    for key_id in (other.key.access_key_id, "AKIAEXAMPLEGONE00001"):
        report = check(provider(practice, manager.key), Target(target.user_name, named=key_id))
        assert report.find(EXISTING).outcome is Outcome.FAILED


def test_two_keys(practice, target):
    practice.make_key(target.user_name)
    manager = practice.make_manager(new_name("manager"), targets_path="/", permissions=FIVE_PERMISSIONS)
    assert check(provider(practice, manager.key), Target(target.user_name)).find(ROOM).code == "two_keys"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda pair: KeyPair(pair.access_key_id, "not-the-secret-of-that-key"), "manager_secret_wrong"),
        (lambda pair: KeyPair("AKIAEXAMPLEGONE00001", pair.secret_access_key), "manager_key_unknown"),
    ],
)
def test_a_manager_key_that_is_refused(practice, target, change, code):
    pair = change(practice.make_manager(new_name("manager")).key)
    report = check(provider(practice, pair), Target(target.user_name))
    assert report.find(MANAGER).code == code
    assert pair.secret_access_key not in repr(report)


def test_a_deactivated_manager_key(practice, target):
    manager = practice.make_manager(new_name("manager"))
    practice.iam.update_access_key(UserName=manager.user_name, AccessKeyId=manager.key.access_key_id, Status="Inactive")
    assert check(provider(practice, manager.key), Target(target.user_name)).find(MANAGER).code == "manager_key_unknown"


def test_nobody_answers(practice, target):
    report = check(provider(practice, target.key, "http://127.0.0.1:1"), Target(target.user_name))
    assert report.find(MANAGER).code == "aws_unreachable"


def test_a_connection_on_several_users(practice, target):
    manager = practice.make_manager(new_name("manager"), targets_path="/apps/")
    elsewhere = practice.make_target(new_name("elsewhere"), path="/legacy/")
    asked = [Target(target.user_name, keys=(target.key.access_key_id,)), Target(elsewhere.user_name)]
    report = check_connection(provider(practice, manager.key), asked)
    assert [finding.code for finding in report.failed] == ["not_permitted"]
    assert elsewhere.user_name in report.failed[0].sentence
