"""Secrets Manager and Parameter Store at practice AWS: who may do what with which of their entries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from tests.practice_aws import new_name

SECRETS = {
    "Effect": "Allow",
    "Action": "secretsmanager:*",
    "Resource": "arn:aws:secretsmanager:*:*:secret:billing/*",
}
PARAMETERS = {"Effect": "Allow", "Action": "ssm:*", "Resource": "arn:aws:ssm:*:*:parameter/billing/*"}
TAG = {"Key": "made-by", "Value": "a test"}


@pytest.fixture
def user(practice):
    made = practice.make_target(new_name("copier"))
    permit(practice, made, SECRETS, PARAMETERS)
    return made


def permit(practice, user, *statements):
    practice.allow(user.user_name, {"Version": "2012-10-17", "Statement": list(statements)})


def refused(call, **parameters):
    """The error code and what was said."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    told = raised.value.response["Error"]
    return told["Code"], told["Message"]


def test_a_policy_counts_by_the_name_of_the_secret(practice, user):
    secrets = practice.client("secretsmanager", user.key)
    name = new_name("billing/token")
    secrets.create_secret(Name=name, SecretString="x", Tags=[TAG])
    arn = secrets.describe_secret(SecretId=name)["ARN"]
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "x"
    code, said = refused(secrets.create_secret, Name=new_name("other"), SecretString="x")
    assert code == "AccessDeniedException"
    assert f"user/{user.user_name} is not authorized to perform: secretsmanager:CreateSecret on resource: arn:" in said
    assert refused(secrets.get_secret_value, SecretId=new_name("other"))[0] == "AccessDeniedException"


def test_to_make_one_with_tags_needs_the_right_to_tag(practice, user):
    secrets = practice.client("secretsmanager", user.key)
    permit(practice, user, SECRETS, {**SECRETS, "Effect": "Deny", "Action": "secretsmanager:TagResource"})
    secrets.create_secret(Name=new_name("billing/token"), SecretString="x")
    _, said = refused(secrets.create_secret, Name=new_name("billing/token"), SecretString="x", Tags=[TAG])
    assert "secretsmanager:TagResource" in said


def test_a_secret_that_is_scheduled_for_deletion_is_not_written(practice, user):
    secrets = practice.client("secretsmanager", user.key)
    name = new_name("billing/token")
    secrets.create_secret(Name=name, SecretString="x")
    secrets.delete_secret(SecretId=name)
    assert refused(secrets.put_secret_value, SecretId=name, SecretString="y")[0] == "InvalidRequestException"


def test_a_policy_counts_by_the_name_of_every_parameter(practice, user):
    parameters = practice.client("ssm", user.key)
    mine, other = new_name("/billing/token"), new_name("/other")
    parameters.put_parameter(Name=mine, Value="x", Type="SecureString")
    assert refused(parameters.put_parameter, Name=other, Value="x", Type="SecureString")[0] == "AccessDeniedException"
    assert refused(parameters.delete_parameters, Names=[mine, other])[0] == "AccessDeniedException"
    assert parameters.delete_parameters(Names=[mine])["DeletedParameters"] == [mine]


@pytest.mark.parametrize(("service", "call"), [("secretsmanager", "list_secrets"), ("ssm", "describe_parameters")])
def test_a_wrong_secret_and_an_unknown_key_are_told_as_there(practice, user, service, call):
    wrong = practice.client(service, replace(user.key, secret_access_key="x" * 40))
    assert refused(getattr(wrong, call))[0] == "InvalidSignatureException"
    unknown = practice.client(service, replace(user.key, access_key_id="AKIA00NOBODYSKEY0001"))
    assert refused(getattr(unknown, call))[0] == "UnrecognizedClientException"
