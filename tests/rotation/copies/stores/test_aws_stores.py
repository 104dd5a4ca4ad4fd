"""What AWS's own stores have in common: by whom, where, and what each failure is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rotation.aws import credentials
from rotation.aws.store_service import KMS_KEY, REGION
from rotation.copies.store import Means, StoreError, Why
from rotation.provider import Role
from rotation.setup.policy import trust_policy
from tests.practice_aws import new_name
from tests.processes.processes import ROOT
from tests.rotation.copies.stores.aws_places import ACTIONS, OTHER, VALUE, Place, each_secret, one_secret, parameters

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


def test_both_are_reached_by_a_connection(place):
    assert place.kind.by_connection
    with pytest.raises(ValueError, match="connection"):
        place.kind.make(Means(place.settings))


def test_a_key_that_aws_doesnt_know_is_refused(practice, place):
    practice.fail("unknown_key", f"{place.service}:*", times=0)
    assert refusal(place).why is Why.REFUSED
    assert refusal(place, lambda place, **_: place.delete("TOKEN")).why is Why.REFUSED


@pytest.mark.parametrize("does", ["write", "create"])
def test_a_refusal_names_who_may_not_do_what(place, does):
    place.permit(*({} if does == "write" else {"GetSecretValue", "GetParameter"}))
    error = refusal(place)
    assert error.why is Why.FORBIDDEN
    assert f"user/{place.user} may not {place.service}:" in error.said


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


def documented(place) -> dict:
    """The policy that docs/copies.md gives for the kind, for this place's account and region."""
    page = (ROOT / "docs/copies.md").read_text()
    section = page.partition(f"\n## {place.kind.title}\n")[2].partition("\n## ")[0]
    policy = json.loads(re.search(r"```json\n(.*?)```", section, re.DOTALL)[1])
    service, rest = re.fullmatch(r"arn:aws:(\w+):[\w-]+:\d+:(.*)", policy["Statement"]["Resource"]).groups()
    policy["Statement"]["Resource"] = f"arn:aws:{service}:{place.aws.region}:{place.aws.account_id}:{rest}"
    return policy


def all_that_copies_do(place) -> list[str]:
    """What goes wrong with a new value, the same again, another one, and with taking it back; and what AWS is asked."""
    place.prefix = f"{'/' if place.service == 'ssm' else ''}billing/{new_name('copy')}/"
    if place.settings.get("form") == "one":
        place.settings["secret_id"] = place.prefix + "keys"
    place.calls()
    wrong = []
    for deed in (
        lambda: place.write(TOKEN=VALUE),
        lambda: place.write(TOKEN=VALUE),
        lambda: place.write(TOKEN=OTHER),
        lambda: place.delete("TOKEN"),
    ):
        try:
            deed()
        except StoreError as error:
            wrong.append(error.why.value)
    return wrong + place.calls()


def test_the_policy_in_the_docs_is_enough(place):
    place.aws.allow(place.user, documented(place))
    came = all_that_copies_do(place)
    assert not {why.value for why in Why} & set(came)
    assert {"PutParameter", "PutSecretValue"} & set(came)


@pytest.mark.parametrize("number", range(6))
def test_nothing_of_it_can_be_left_out(place, number):
    policy = documented(place)
    place.aws.allow(place.user, policy)
    enough = all_that_copies_do(place)
    actions = policy["Statement"]["Action"]
    missing = actions.pop(number % len(actions))
    place.aws.allow(place.user, policy)
    came = all_that_copies_do(place)
    is_for_one = missing == "secretsmanager:DescribeSecret" and place.settings["form"] == "each"
    assert (came == enough) is is_for_one, missing


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


WRITES = {"secretsmanager": "CreateSecret", "ssm": "PutParameter"}
DELETES = {"secretsmanager": "DeleteSecret", "ssm": "DeleteParameters"}
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


@pytest.mark.usefixtures("sdk_waits_for_nothing")
@pytest.mark.parametrize("number", range(8))
def test_every_code_has_its_meaning_and_no_text_quotes_the_value(practice, place, number):
    code, why = list(CODES[place.service].items())[number]
    told = {"__type": code, "message": f"1 validation error detected: Value '{VALUE}' at 'value'"}
    practice.fail("say", WRITES[place.service], times=0, status=400, body=json.dumps(told))
    error = refusal(place)
    assert error.why is why
    assert code in error.said


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "{}", "[]"])
def test_what_isnt_awss_answer_never_tells_that_a_value_is_there(practice, place, body):
    practice.fail("say", WRITES[place.service], times=0, body=body)
    assert refusal(place).why is Why.FAILED
    assert place.made == []


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "{}", "[]"])
def test_nor_that_one_is_gone(practice, place, body):
    place.write(TOKEN=VALUE)
    practice.fail("say", DELETES[place.service], times=0, body=body)
    assert refusal(place, lambda place, **_: place.delete("TOKEN")).why is Why.FAILED


@pytest.mark.parametrize("text", ["", "eu-central-1", "us-gov-west-1"])
def test_a_region_that_can_be(text):
    assert REGION.problem(text) is None


def test_a_region_and_a_kms_key_that_cannot_be():
    assert REGION.problem("Frankfurt").endswith(".")
    assert KMS_KEY.problem("my key").endswith(".")
    assert KMS_KEY.problem("alias/billing") is None
    assert KMS_KEY.problem("arn:aws:kms:eu-central-1:123456789012:key/a-b-c") is None
