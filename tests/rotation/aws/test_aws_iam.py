"""How botocore's failures become the closed list: the mapping is complete, and no foreign text comes along."""

from __future__ import annotations

import inspect
import logging
import ssl
import traceback

import botocore.exceptions
import pytest
from botocore.exceptions import BotoCoreError, ClientError, SSLError
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker

from rotation.aws.failures import BY_CODE, NEVER_SENT
from rotation.aws.iam import AwsIam, preload
from rotation.errors import AnswerLost, RotationError
from rotation.failures import FAILURES
from rotation.provider import SERVICES, KeyPair
from rotation.reach.access import Access
from tests.practice_aws import new_name

MANAGER = KeyPair("AKIAEXAMPLE000000001", "example-secret-of-the-manager")
SECRET = "example-secret-in-a-foreign-text"
CALLS = {
    "identify": (),
    "create_key": ("billing-api",),
    "last_use": ("AKIAEXAMPLE000000002",),
    "delete_key": ("billing-api", "AKIAEXAMPLE000000002"),
    "list_keys": ("billing-api",),
    "may_delete": ("billing-api",),
    "may_read_last_use": (),
}
BOTOCORE_ERRORS = [
    kind
    for _, kind in inspect.getmembers(botocore.exceptions, inspect.isclass)
    if issubclass(kind, BotoCoreError) and kind.__module__ == "botocore.exceptions"
]


class _Facts(dict):
    """Any fact that a botocore exception's text asks for."""

    def __missing__(self, name):
        return SECRET


def botocore_error(kind):
    error = kind.__new__(kind)
    Exception.__init__(error, kind.fmt.format_map(_Facts()))
    error.kwargs = {}
    return error


def answered(code, message="", status=400):
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "request-1"},
        },
        "AnyOperation",
    )


class Client:
    """A botocore client whose every call fails in one way."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        def call(**parameters):
            raise self.error

        return call

    def close(self):
        pass


def failing(monkeypatch, error):
    monkeypatch.setattr("rotation.aws.iam.make_client", lambda *_: Client(error))
    return AwsIam(Access(MANAGER, "eu-central-1"))


def raised_by(provider, method):
    with pytest.raises(RotationError) as raised:
        getattr(provider, method)(*CALLS[method])
    return raised.value


@pytest.mark.parametrize("kind", BOTOCORE_ERRORS, ids=lambda kind: kind.__name__)
def test_every_botocore_error_becomes_one_of_the_list(monkeypatch, kind):
    provider = failing(monkeypatch, botocore_error(kind))
    for method in CALLS:
        error = raised_by(provider, method)
        assert error.code in {"aws_unreachable", "aws_refused", "answer_lost"}
        assert error.facts["said"] == kind.__name__


@pytest.mark.parametrize("kind", BOTOCORE_ERRORS, ids=lambda kind: kind.__name__)
def test_only_what_was_never_sent_is_no_lost_answer(monkeypatch, kind):
    error = raised_by(failing(monkeypatch, botocore_error(kind)), "create_key")
    assert isinstance(error, AnswerLost) != issubclass(kind, tuple(NEVER_SENT))


@pytest.mark.parametrize(
    "error",
    [
        ResponseParserError(SECRET),
        KeyError(SECRET),
        ValueError(SECRET),
        OSError(SECRET),
        answered("ServiceFailure", status=500),
        answered("502", status=502),
        answered("503", status=503),
        answered("RequestTimeout", status=408),
        answered("", status=0),
        SSLError(endpoint_url="https://iam.example.com", error=ssl.SSLError("decryption failed")),
    ],
    ids=repr,
)
def test_every_other_way_to_lose_the_answer_is_told_as_lost(monkeypatch, error):
    lost = raised_by(failing(monkeypatch, error), "create_key")
    assert isinstance(lost, AnswerLost)
    assert SECRET not in told(lost)


def test_a_certificate_that_is_refused_loses_no_answer(monkeypatch):
    refused = SSLError(endpoint_url="https://iam.example.com", error=ssl.SSLCertVerificationError("self-signed"))
    assert raised_by(failing(monkeypatch, refused), "create_key").code == "aws_unreachable"


@pytest.mark.parametrize("code", ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
def test_what_botocore_takes_for_throttling_is_throttled(monkeypatch, code):
    for method in CALLS:
        assert raised_by(failing(monkeypatch, answered(code)), method).code == "throttled"


def test_every_code_of_the_table_is_in_the_closed_list():
    assert set(BY_CODE.values()) | set(NEVER_SENT.values()) <= set(FAILURES)


@pytest.mark.parametrize(
    ("code", "message", "status", "ours"),
    [
        ("InvalidClientTokenId", "", 403, "manager_key_unknown"),
        ("InvalidAccessKeyId", "", 403, "manager_key_unknown"),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", 403, "manager_secret_wrong"),
        ("SignatureDoesNotMatch", "Signature expired: 20261124T0 is now earlier than 20261125T0", 403, "aws_refused"),
        ("NoSuchEntity", "The user with name billing-api cannot be found.", 404, "no_such_user"),
        ("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409, "two_keys"),
        ("MalformedPolicyDocument", "", 400, "aws_refused"),
        ("403", "", 403, "aws_refused"),
        ("429", "", 429, "throttled"),
    ],
)
def test_an_answer_to_create_is_told_by_its_code(monkeypatch, code, message, status, ours):
    error = raised_by(failing(monkeypatch, answered(code, message, status)), "create_key")
    assert error.code == ours
    assert error.facts["request_id"] == "request-1"
    assert error.facts["user"] == "billing-api"


def test_the_managers_key_is_named_when_it_is_refused(monkeypatch):
    error = raised_by(failing(monkeypatch, answered("InvalidClientTokenId")), "delete_key")
    assert error.facts["key"] == MANAGER.access_key_id


def test_a_limit_of_another_call_is_not_two_keys(monkeypatch):
    assert raised_by(failing(monkeypatch, answered("LimitExceeded", status=409)), "delete_key").code == "aws_refused"


def test_a_key_that_is_gone_is_deleted_and_unknown(monkeypatch):
    gone = answered("NoSuchEntity", "The Access Key with id AKIAEXAMPLE000000002 cannot be found.", 404)
    provider = failing(monkeypatch, gone)
    provider.delete_key(*CALLS["delete_key"])
    assert raised_by(provider, "last_use").code == "unknown_key"


@pytest.mark.parametrize(
    ("resource", "arn"),
    [
        ("", "arn:aws-cn:iam::111122223333:user/billing-api"),
        (" on resource: user billing-api because no policy allows it", "arn:aws-cn:iam::111122223333:user/billing-api"),
        (
            " on resource: arn:aws-cn:iam::111122223333:user/apps/billing-api with an explicit deny",
            "arn:aws-cn:iam::111122223333:user/apps/billing-api",
        ),
    ],
)
def test_the_arn_is_the_one_that_aws_names_else_built(monkeypatch, resource, arn):
    who = "arn:aws-cn:iam::111122223333:user/ops/keyturn-manager"
    message = f"User: {who} is not authorized to perform: iam:CreateAccessKey{resource}"
    error = raised_by(failing(monkeypatch, answered("AccessDenied", message, 403)), "create_key")
    assert error.code == "not_permitted"
    assert (error.facts["arn"], error.facts["account"]) == (arn, "111122223333")
    assert error.facts["manager"] == "keyturn-manager"


def test_a_region_that_cannot_be_is_refused_before_anything_is_sent():
    provider = AwsIam(Access(MANAGER, "no region"))
    for method in CALLS:
        assert raised_by(provider, method).facts["said"] == "InvalidRegionError"
    with pytest.raises(RotationError):
        provider.try_key(MANAGER, ("sts",))


@pytest.mark.parametrize("pair", [KeyPair("", ""), KeyPair("", "secret"), KeyPair("AKIAEXAMPLE000000001", "")])
def test_an_empty_key_never_borrows_the_machines_own(monkeypatch, pair):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE000000009")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example-secret-of-this-machine")
    assert raised_by(AwsIam(Access(pair, "eu-central-1")), "identify").facts["said"] == "NoCredentialsError"
    with pytest.raises(RotationError, match="aws_refused"):
        AwsIam(Access(MANAGER, "eu-central-1")).try_key(pair, ("sts",))


def test_what_is_preloaded_asks_nobody(monkeypatch):
    made = []
    monkeypatch.setattr("rotation.aws.iam.make_client", lambda service, *_: made.append(service) or Client(None))
    preload()
    assert set(made) == set(SERVICES)


@pytest.mark.parametrize(
    ("said", "accepted"),
    [("AccessDenied", True), ("OptInRequired", True), ("ExpiredToken", False), ("Throttling", False), ("503", False)],
)
def test_a_service_that_refuses_the_action_knows_the_key(monkeypatch, said, accepted):
    (answer,) = failing(monkeypatch, answered(said, status=403)).try_key(MANAGER, ("iam",))
    assert (answer.accepted, answer.said, answer.request_id) == (accepted, said, "request-1")


@pytest.mark.parametrize("kind", BOTOCORE_ERRORS, ids=lambda kind: kind.__name__)
def test_a_try_that_fails_on_the_way_is_an_answer_too(monkeypatch, kind):
    (answer,) = failing(monkeypatch, botocore_error(kind)).try_key(MANAGER, ("sts",))
    assert (answer.accepted, answer.said) == (False, kind.__name__)


@pytest.mark.parametrize(
    ("region", "hosts"),
    [
        ("eu-central-1", {"iam.amazonaws.com", "sts.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com"}),
        ("us-east-1", {"iam.amazonaws.com", "sts.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"}),
        (
            "cn-north-1",
            {"iam.cn-north-1.amazonaws.com.cn", "sts.cn-north-1.amazonaws.com.cn", "s3.cn-north-1.amazonaws.com.cn"},
        ),
        (
            "us-gov-west-1",
            {"iam.us-gov.amazonaws.com", "sts.us-gov-west-1.amazonaws.com", "s3.us-gov-west-1.amazonaws.com"},
        ),
    ],
)
def test_each_partition_has_its_endpoints(region, hosts):
    provider = AwsIam(Access(MANAGER, region))
    clients = [provider._client(service, MANAGER, {}) for service in ("iam", "sts", "s3")]
    assert {client.meta.endpoint_url.removeprefix("https://") for client in clients} == hosts


@pytest.mark.parametrize("at", [0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_cut_off_answer_leaks_no_secret(practice, caplog, at):
    manager = practice.make_manager(new_name("keyturn-manager"))
    target = practice.make_target(new_name("billing-api"), with_key=False)
    provider = AwsIam(Access(manager.key, practice.region, practice.endpoint_url))
    practice.fail("cut", "CreateAccessKey", at=at)
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(AnswerLost) as raised:
            provider.create_key(target.user_name)
        secret = provider.create_key(target.user_name).pair.secret_access_key
    assert "SecretAccessKey" not in told(raised.value) + caplog.text
    assert secret not in caplog.text
    assert raised.value.__context__ is raised.value.__cause__ is None


def told(error):
    """All that a log of the failure could show."""
    return "".join(traceback.format_exception(error, chain=True)) + repr(error.facts) + repr(error.__context__)
