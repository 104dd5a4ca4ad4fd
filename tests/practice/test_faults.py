"""Each fault, as boto3 meets it: what the caller is told, and what was done all the same."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from practice.behaviour.faults import KINDS
from tests.practice_aws import new_name


@pytest.fixture
def target(practice):
    return practice.make_target(new_name("billing-api"), with_key=False).user_name


@pytest.fixture
def iam(practice):
    """A manager's client that waits half a second for an answer."""
    return practice.client("iam", practice.make_manager(new_name("keyturn-manager")).key, read_timeout_s=0.5)


def keys(practice, user_name):
    return len(practice.iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"])


def come_true(condition):
    """Wait until `condition()` holds, for 20 seconds at most."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("throttle", "Throttling", 400),
        ("deny", "AccessDenied", 403),
        ("unknown_key", "InvalidClientTokenId", 403),
        ("internal_failure", "ServiceFailure", 500),
        ("unavailable", "ServiceUnavailable", 503),
        ("load_balancer_page", "503", 503),
    ],
)
def test_an_answer_instead_of_the_real_one(practice, iam, target, kind, code, status, when):
    practice.fail(kind, "CreateAccessKey", when=when)
    with pytest.raises(ClientError) as raised:
        iam.create_access_key(UserName=target)
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert keys(practice, target) == (when == "after")


def test_a_key_answers_as_another_users(practice, target):
    sts = practice.client("sts", practice.make_key(target))
    practice.fail("of_another_user", "GetCallerIdentity")
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{practice.account_id}:user/somebody-else"
    assert sts.get_caller_identity()["Arn"].endswith(f"user/{target}")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "error"), [("drop", ConnectionClosedError), ("hang", ReadTimeoutError)])
def test_no_answer(practice, iam, target, kind, error, when):
    practice.fail(kind, "CreateAccessKey", when=when)
    with pytest.raises(error):
        iam.create_access_key(UserName=target)
    assert keys(practice, target) == (when == "after")


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_an_answer_that_is_cut_off(practice, iam, target, at):
    practice.fail("cut", "CreateAccessKey", at=at)
    with pytest.raises(ResponseParserError):
        iam.create_access_key(UserName=target)
    assert keys(practice, target) == 1


@pytest.mark.parametrize("kind", ["drop", "hang", "unavailable"])
def test_work_that_is_done_only_after_the_caller_gave_up(practice, iam, target, kind):
    practice.fail(kind, "CreateAccessKey", when="late")
    with pytest.raises((ClientError, ConnectionClosedError, ReadTimeoutError)):
        iam.create_access_key(UserName=target)
    come_true(lambda: keys(practice, target) == 1)


def test_a_fault_is_met_so_many_times(practice, iam, target):
    practice.fail("throttle", "CreateAccessKey", times=2)
    for _ in range(2):
        with pytest.raises(ClientError, match="Throttling"):
            iam.create_access_key(UserName=target)
    iam.create_access_key(UserName=target)
    assert practice.faults() == []


def test_any_answer_can_be_told(practice, iam, target):
    practice.fail("say", "CreateAccessKey", status=418, headers={"Content-Type": "text/plain"}, body="<tea/>")
    with pytest.raises(ClientError) as raised:
        iam.create_access_key(UserName=target)
    met = raised.value.response["ResponseMetadata"]
    assert (met["HTTPStatusCode"], met["HTTPHeaders"]["content-type"]) == (418, "text/plain")
    assert keys(practice, target) == 0


def test_a_fault_for_one_user_is_met_by_no_other(practice, iam, target):
    other = practice.make_target(new_name("log-shipper"), with_key=False).user_name
    practice.fail("throttle", "CreateAccessKey", user=target)
    iam.create_access_key(UserName=other)
    with pytest.raises(ClientError, match="Throttling"):
        iam.create_access_key(UserName=target)


def test_all_of_aws_is_down_until_it_is_not(practice, iam, target):
    practice.fail("drop", times=0)
    for _ in range(3):
        with pytest.raises(ConnectionClosedError):
            iam.create_access_key(UserName=target)
    practice.clear_faults()
    iam.create_access_key(UserName=target)
    assert keys(practice, target) == 1


def test_every_call_is_noted_with_what_came_back(practice, iam, target):
    practice.clear_calls()
    made = iam.create_access_key(UserName=target)["AccessKey"]
    practice.fail("drop", "DeleteAccessKey", when="after")
    with pytest.raises(ConnectionClosedError):
        iam.delete_access_key(UserName=target, AccessKeyId=made["AccessKeyId"])
    noted = practice.calls()
    assert [(call["action"], call["user"], call["key"], call["said"], call["fault"]) for call in noted] == [
        ("iam:CreateAccessKey", target, made["AccessKeyId"], "OK", ""),
        ("iam:DeleteAccessKey", target, made["AccessKeyId"], "OK", "drop"),
    ]
    assert made["SecretAccessKey"] not in str(noted)


@pytest.mark.parametrize(
    "values", [{"kind": "no-such-kind"}, {"kind": "drop", "when": "never"}, {"kind": "drop", "colour": "red"}, {}]
)
def test_a_fault_that_cannot_be_is_refused(practice, values):
    with pytest.raises(ValueError, match=r"kind|when|colour"):
        practice.fail(**{"kind": "", **values})
    assert practice.faults() == []


def test_every_kind_can_be_switched_on(practice):
    for kind in KINDS:
        practice.fail(kind, "NoSuchAction")
    assert [fault["kind"] for fault in practice.faults()] == list(KINDS)
