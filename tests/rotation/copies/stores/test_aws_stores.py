"""What AWS's own stores have in common: by whom, where, and what each failure is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from rotation.aws import credentials
from rotation.aws.store_service import KMS_KEY, REGION
from rotation.copies.kinds import KINDS
from rotation.copies.store import Means, StoreError, Why
from rotation.provider import KeyPair, Role
from rotation.setup.policy import trust_policy
from tests.practice_aws import new_name
from tests.rotation.copies.stores.aws_places import ACTIONS, VALUE, Place, each_secret, one_secret, parameters

PLACES = {"each": each_secret, "one": one_secret, "parameters": parameters}
EXTERNAL_ID = "keyturn-for-tests"


@pytest.fixture(params=PLACES)
def place(request, practice) -> Place:
    return PLACES[request.param](practice)


@pytest.fixture(autouse=True)
def _no_session_is_kept() -> Iterator[None]:
    yield
    credentials._SESSIONS.clear()


def refusal(place, work=Place.write) -> StoreError:
    """Why a value isn't written; neither it nor the key that signs is in any text."""
    with pytest.raises(StoreError) as raised:
        work(place, TOKEN=VALUE)
    texts = f"{raised.value} {raised.value!r} {raised.value.__context__!r} {raised.value.__cause__!r}"
    assert VALUE not in texts
    assert place.access.key is None or place.access.key.secret_access_key not in texts
    return raised.value


def test_both_are_offered_and_reached_by_a_connection(place):
    assert KINDS[place.kind.id] is place.kind
    assert place.kind.by_connection
    with pytest.raises(ValueError, match="connection"):
        place.kind.make(Means(place.settings))


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("throttle", Why.THROTTLED),
        ("unknown_key", Why.REFUSED),
        ("internal_failure", Why.FAILED),
        ("unavailable", Why.FAILED),
        ("load_balancer_page", Why.FAILED),
        ("drop", Why.UNREACHABLE),
    ],
)
def test_what_goes_wrong_at_aws(practice, place, fault, why):
    practice.fail(fault, f"{place.service}:*", times=0)
    assert refusal(place).why is why


@pytest.mark.parametrize("does", ["write", "create"])
def test_a_refusal_names_who_may_not_do_what(place, does):
    place.permit(*({} if does == "write" else {"GetSecretValue", "GetParameter"}))
    error = refusal(place)
    assert error.why is Why.FORBIDDEN
    assert f"user/{place.user} may not {place.service}:" in error.said


def test_a_wrong_secret_key_is_refused(place):
    place.access = replace(place.access, key=KeyPair(place.access.key.access_key_id, "x" * 40))
    assert refusal(place).why is Why.REFUSED
    assert refusal(place, lambda place, **_: place.store().check()).why is Why.REFUSED


def test_nobody_answers(place):
    place.access = replace(place.access, endpoint_url="http://127.0.0.1:1")
    assert refusal(place).why is Why.UNREACHABLE


def test_the_servers_own_credentials_are_for_those_that_may(place):
    place.access = replace(place.access, key=None)
    error = refusal(place)
    assert error.why is Why.FORBIDDEN
    assert "An administrator allows it" in error.said


def test_a_machine_without_credentials(place, environment):
    environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
    place.access = replace(place.access, key=None, may_lend=True)
    assert refusal(place).why is Why.REFUSED


def test_another_region_than_the_connections(practice, place):
    place.settings["region"] = "eu-west-1"
    place.write(TOKEN=VALUE)
    assert "signs in eu-west-1." in place.store().check()
    assert place.made
    place.settings["region"] = ""
    place.write(TOKEN=VALUE)
    assert len(place.made) == 2


def test_a_role_may_what_its_user_may_not(practice, place):
    place.permit()
    trust = trust_policy(f"arn:aws:iam::{practice.account_id}:user/{place.user}", EXTERNAL_ID)
    allowed = tuple(f"{place.service}:{action}" for action in ACTIONS[place.service])
    name = new_name("copying")
    role = Role(practice.make_role(name, trust), EXTERNAL_ID, "keyturn-copy")
    statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    practice.iam.put_role_policy(RoleName=name, PolicyName="copies", PolicyDocument=document)
    place.access = replace(place.access, role=role)
    assert f"assumed-role/{name}/keyturn-copy signs" in place.store().check()
    place.write(TOKEN=VALUE)
    assert place.made


def test_a_role_that_may_not_be_assumed(practice, place):
    role = Role(f"arn:aws:iam::{practice.account_id}:role/never-made", EXTERNAL_ID, "keyturn-copy")
    place.access = replace(place.access, role=role)
    error = refusal(place)
    assert error.why is Why.FORBIDDEN
    assert "sts:AssumeRole" in error.said


class _Aws(HTTPServer):
    """AWS that answers every call with one error, whose message quotes what was sent."""

    code = ""


class _Handler(BaseHTTPRequestHandler):
    server: _Aws

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        read = "Get" in self.headers["X-Amz-Target"]
        code = {"GetSecretValue": "ResourceNotFoundException", "GetParameter": "ParameterNotFound"}.get(
            self.headers["X-Amz-Target"].rpartition(".")[2] if read else "", self.server.code
        )
        body = json.dumps(
            {"__type": code, "message": f"1 validation error detected: Value '{sent}' at 'value'"}
        ).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def quoting_aws() -> Iterator[_Aws]:
    with _Aws(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


CODES = {
    "secretsmanager": {
        "LimitExceededException": Why.FULL,
        "InvalidParameterException": Why.BAD_VALUE,
        "InvalidRequestException": Why.BAD_VALUE,
        "EncryptionFailure": Why.FORBIDDEN,
        "InternalServiceError": Why.FAILED,
        "AccessDeniedException": Why.FORBIDDEN,
        "ThrottlingException": Why.THROTTLED,
        "NobodyKnowsThisOne": Why.FAILED,
    },
    "ssm": {
        "ParameterLimitExceeded": Why.FULL,
        "ParameterMaxVersionLimitExceeded": Why.FULL,
        "ValidationException": Why.BAD_VALUE,
        "HierarchyTypeMismatchException": Why.BAD_VALUE,
        "InvalidKeyId": Why.NO_SUCH_PLACE,
        "TooManyUpdates": Why.THROTTLED,
        "ExpiredTokenException": Why.REFUSED,
        "InternalServerError": Why.FAILED,
    },
}


@pytest.mark.parametrize("number", range(8))
def test_every_code_has_its_meaning_and_no_text_quotes_the_value(place, quoting_aws, number):
    quoting_aws.code, why = list(CODES[place.service].items())[number]
    place.access = replace(place.access, endpoint_url=f"http://127.0.0.1:{quoting_aws.server_port}")
    error = refusal(place)
    assert error.why is why
    assert quoting_aws.code in error.said


@pytest.mark.parametrize("text", ["", "eu-central-1", "us-gov-west-1"])
def test_a_region_that_can_be(text):
    assert REGION.problem(text) is None


def test_a_region_and_a_kms_key_that_cannot_be():
    assert REGION.problem("Frankfurt").endswith(".")
    assert KMS_KEY.problem("my key").endswith(".")
    assert KMS_KEY.problem("alias/billing") is None
    assert KMS_KEY.problem("arn:aws:kms:eu-central-1:123456789012:key/a-b-c") is None
