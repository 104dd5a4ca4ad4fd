"""Which policies allow what: a Resource counts, IAM path included."""

from __future__ import annotations

import pytest

from practice.policy import allows

USER = "arn:aws:iam::123456789012:user"


def statement(effect="Allow", action="iam:CreateAccessKey", resource=f"{USER}/apps/*", **others):
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (document(statement()), True),
        (document(statement(resource="*")), True),
        (document(statement(resource=[f"{USER}/other", f"{USER}/apps/billing-api"])), True),
        (document(statement(resource=f"{USER}/apps/billing-ap?")), True),
        (document(statement(resource=f"{USER}/billing-api")), False),
        (document(statement(resource=f"{USER}/APPS/*")), False),
        (document(statement(action=["iam:deleteaccesskey", "IAM:createaccesskey"])), True),
        (document(statement(action="iam:*")), True),
        (document(statement(action="iam:DeleteAccessKey")), False),
        (document(statement(), statement("Deny", resource="*")), False),
        (document(statement(), statement("Deny", "iam:DeleteAccessKey", "*")), True),
        (document({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}), True),
        (document({"Effect": "Allow", "Action": "*", "NotResource": f"{USER}/apps/*"}), False),
        ({"Statement": statement()}, True),
        (document(), False),
    ],
)
def test_a_policy(policy, allowed):
    assert allows([policy], "iam:CreateAccessKey", f"{USER}/apps/billing-api") is allowed


def test_a_deny_in_one_policy_outweighs_the_allow_of_another():
    deny = document(statement("Deny"))
    assert not allows([document(statement()), deny], "iam:CreateAccessKey", f"{USER}/apps/billing-api")


def test_no_policy_allows_nothing():
    assert not allows([], "iam:CreateAccessKey", f"{USER}/billing-api")
