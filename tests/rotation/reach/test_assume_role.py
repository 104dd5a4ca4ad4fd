"""A role as the manager, at practice AWS: assumed once for many calls, with the external ID, under a telling name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rotation.aws import credentials
from rotation.aws.iam import AwsIam
from rotation.errors import RotationError
from rotation.provider import Role
from rotation.reach.access import Access
from rotation.setup.checks import check_connection
from rotation.setup.policy import trust_policy
from tests.practice_aws import new_name

EXTERNAL_ID = "keyturn-for-tests"


@pytest.fixture
def caller(practice):
    """A user that may do nothing but what a role lets it."""
    return practice.make_target(new_name("keyturn"))


@pytest.fixture
def access(practice, caller):
    trust = trust_policy(f"arn:aws:iam::{practice.account_id}:user/{caller.user_name}", EXTERNAL_ID)
    role = Role(practice.make_role(new_name("keyturn-role"), trust), EXTERNAL_ID, "keyturn-s12-r41")
    yield Access(caller.key, practice.region, practice.endpoint_url, role=role)
    credentials._SESSIONS.clear()


def refused(access):
    with pytest.raises(RotationError) as raised:
        AwsIam(access).identify()
    return raised.value


def actions(practice):
    return [call["action"] for call in practice.calls()]


def test_it_answers_as_the_role_and_tells_who_assumed_it(access, caller):
    identity = AwsIam(access).identify()
    assert identity.arn.endswith("/keyturn-s12-r41")
    assert identity.resource == access.role.arn.rpartition(":")[2]
    assert identity.assumed_by.endswith(f"user/{caller.user_name}")


def test_a_session_serves_until_shortly_before_it_expires(practice, access):
    practice.clear_calls()
    for _ in range(3):
        AwsIam(access).may_read_last_use()
    assert actions(practice).count("sts:AssumeRole") == 1
    kept = credentials._SESSIONS[access]
    credentials._SESSIONS[access] = replace(kept, until=datetime.now(UTC) + timedelta(minutes=1))
    AwsIam(access).may_read_last_use()
    assert actions(practice).count("sts:AssumeRole") == 2


def test_another_rotation_has_a_session_of_its_own(practice, access):
    AwsIam(access).identify()
    other = replace(access, role=replace(access.role, session_name="keyturn-s12-r42"))
    assert AwsIam(other).identify().arn.endswith("/keyturn-s12-r42")


def test_a_wrong_external_id_is_refused(access, caller):
    error = refused(replace(access, role=replace(access.role, external_id="keyturn-of-another")))
    assert error.code == "role_not_assumable"
    assert error.facts["caller"].endswith(f"user/{caller.user_name}")
    told = error.told()
    assert access.role.arn in told.heading
    assert "keyturn-of-another" in told.why
    assert told.command.startswith(
        f"aws iam update-assume-role-policy --role-name {access.role.arn.rpartition('/')[2]} "
    )


def test_somebody_whom_the_role_does_not_trust_is_refused(practice, access):
    stranger = practice.make_target(new_name("stranger"))
    assert refused(replace(access, key=stranger.key)).code == "role_not_assumable"


def test_a_role_that_is_not_there_is_refused(access):
    assert (
        refused(replace(access, role=replace(access.role, arn=f"{access.role.arn}-gone"))).code == "role_not_assumable"
    )


def test_a_key_that_aws_refuses_is_told_as_such(practice, access, caller):
    practice.iam.delete_access_key(UserName=caller.user_name, AccessKeyId=caller.key.access_key_id)
    error = refused(access)
    assert (error.code, error.facts["key"]) == ("manager_key_unknown", caller.key.access_key_id)


def test_a_session_that_aws_refuses_is_not_used_again(practice, access):
    AwsIam(access).may_read_last_use()
    practice.fail("unknown_key", "GetAccessKeyLastUsed")
    with pytest.raises(RotationError) as raised:
        AwsIam(access).may_read_last_use()
    assert raised.value.code == "session_refused"
    AwsIam(access).may_read_last_use()


def test_nothing_is_made_while_the_role_can_not_be_assumed(practice, access):
    target = practice.make_target(new_name("billing-api"), with_key=False)
    practice.fail("drop", "AssumeRole", when="after", times=0)
    with pytest.raises(RotationError) as raised:
        AwsIam(access).create_key(target.user_name)
    assert raised.value.code == "aws_unreachable"
    assert "iam:CreateAccessKey" not in actions(practice)[-3:]


def test_what_is_not_permitted_is_to_be_added_to_the_role(practice, access):
    practice.iam.put_role_policy(
        RoleName=access.role.arn.rpartition("/")[2], PolicyName="keyturn",
        PolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}',
    )  # fmt: skip
    with pytest.raises(RotationError) as raised:
        AwsIam(access).may_delete("billing-api")
    name = access.role.arn.rpartition("/")[2]
    assert (raised.value.code, raised.value.facts["manager"]) == ("not_permitted", name)
    assert f"put-role-policy --role-name {name} " in raised.value.told().command


def test_a_check_says_who_could_not_assume_it(access, caller):
    wrong = replace(access, role=replace(access.role, external_id="keyturn-of-another"))
    report = check_connection(AwsIam(wrong), [])
    assert report.caller.endswith(f"user/{caller.user_name}")
    assert check_connection(AwsIam(access), []).findings[0].sentence == "The role can be assumed"


def test_a_session_shows_in_no_repr(access):
    AwsIam(access).identify()
    kept = credentials._SESSIONS[access].pair
    assert kept.session_token
    for secret in (kept.session_token, kept.secret_access_key, access.key.secret_access_key):
        assert secret not in repr(kept) + repr(access) + repr(credentials._SESSIONS)
