"""What somebody else does to the account between two calls, as boto3 meets it, and the log that tells of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError

from practice.behaviour.deeds import DEEDS
from practice.seed import PracticeAws
from tests.practice_aws import ROOT, new_name


@pytest.fixture
def target(practice):
    return practice.make_target(new_name("billing-api"))


@pytest.fixture
def manager(practice):
    return practice.make_manager(new_name("keyturn-manager"))


@pytest.fixture
def iam(practice, manager):
    return practice.client("iam", manager.key)


def keys(practice, user_name):
    listed = practice.iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"]
    return [row["AccessKeyId"] for row in listed]


def refused(call, code, **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    assert raised.value.response["Error"]["Code"] == code


def test_permissions_are_taken_away_after_a_call_and_given_back(practice, iam, target, manager):
    practice.meanwhile("take_permissions", "ListAccessKeys", user=target.user_name)
    iam.list_access_keys(UserName=target.user_name)
    refused(iam.create_access_key, "AccessDenied", UserName=target.user_name)
    practice.meanwhile("give_permissions", "CreateAccessKey", when="before")
    iam.create_access_key(UserName=target.user_name)


def test_the_managers_key_is_deactivated_after_a_call(practice, iam, target):
    practice.meanwhile("deactivate_manager", "CreateAccessKey")
    iam.create_access_key(UserName=target.user_name)
    refused(iam.list_access_keys, "InvalidClientTokenId", UserName=target.user_name)


def test_the_target_is_deleted_before_a_call(practice, iam, target):
    practice.meanwhile("delete_user", "CreateAccessKey", when="before")
    refused(iam.create_access_key, "NoSuchEntity", UserName=target.user_name)
    refused(practice.client("sts", target.key).get_caller_identity, "InvalidClientTokenId")


def test_somebody_takes_the_second_place(practice, iam, target):
    practice.meanwhile("make_key", "ListAccessKeys")
    assert len(iam.list_access_keys(UserName=target.user_name)["AccessKeyMetadata"]) == 1
    refused(iam.create_access_key, "LimitExceeded", UserName=target.user_name)


@pytest.mark.parametrize(("deed", "left"), [("delete_oldest_key", "new"), ("delete_newest_key", "old")])
def test_somebody_deletes_a_key(practice, iam, target, deed, left):
    practice.meanwhile(deed, "CreateAccessKey")
    new = iam.create_access_key(UserName=target.user_name)["AccessKey"]["AccessKeyId"]
    assert keys(practice, target.user_name) == [{"new": new, "old": target.key.access_key_id}[left]]


def test_a_deed_that_finds_nothing_does_nothing(practice, iam, target):
    for deed in DEEDS:
        practice.meanwhile(deed, "GetUser", user="nobody")
    refused(iam.get_user, "AccessDenied", UserName="nobody")


def test_a_deed_is_told_in_the_log(practice, iam, target, manager):
    practice.clear_calls()
    practice.meanwhile("delete_oldest_key", "CreateAccessKey")
    new = iam.create_access_key(UserName=target.user_name)["AccessKey"]["AccessKeyId"]
    told = [(call["action"], call["who"], call["user"], call["key"], call["said"]) for call in practice.calls()]
    assert told == [
        ("iam:CreateAccessKey", manager.user_name, target.user_name, new, "OK"),
        ("by hand: delete_oldest_key", "practice-root", target.user_name, target.key.access_key_id, "OK"),
    ]


@pytest.mark.parametrize("values", [{"does": "sing"}, {"does": "make_key", "when": "late"}, {}])
def test_a_deed_that_cannot_be_is_refused(practice, values):
    with pytest.raises(ValueError, match=r"does|when"):
        practice.meanwhile(**{"does": "", **values})


def test_a_deleted_key_goes_on_for_some_time(practice, iam, target):
    practice.set(deletion_s=[3600, 7200])
    iam.delete_access_key(UserName=target.user_name, AccessKeyId=target.key.access_key_id)
    assert keys(practice, target.user_name) == []
    arn = practice.client("sts", target.key).get_caller_identity()["Arn"]
    assert arn.endswith(f"user/{target.user_name}")
    assert keys(practice, target.user_name) == []


def test_a_deactivated_key_goes_on_for_some_time(practice, iam, target):
    practice.set(status_change_s=[3600, 7200])
    iam.update_access_key(UserName=target.user_name, AccessKeyId=target.key.access_key_id, Status="Inactive")
    practice.client("sts", target.key).get_caller_identity()


def test_the_log_is_kept_in_a_file(tmp_path):
    ready, log = tmp_path / "ready.json", tmp_path / "calls.jsonl"
    command = [sys.executable, "-m", "practice", "--ready-file", str(ready), "--log-file", str(log)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert "listens" in process.stdout.readline()
        PracticeAws.from_ready_file(ready).make_target("billing-api")
        process.terminate()
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert [call["action"] for call in told] == ["iam:CreateUser", "iam:CreateAccessKey"]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_the_calls_meets_a_fault(practice, iam, target, share):
    practice.fail("throttle", "GetUser", times=0, share=share)
    met = 0
    for _ in range(60):
        try:
            practice.client("iam", target.key).get_user(UserName=target.user_name)
        except ClientError as error:
            met += error.response["Error"]["Code"] == "Throttling"
    assert (met == 0) == (share == 0)
    assert (met == 60) == (share == 1)
