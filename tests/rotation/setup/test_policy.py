from __future__ import annotations

import json

import pytest

from rotation.setup.policy import GAINS, RECOMMENDED, SMALLEST, User, partition, policy


def statements(text):
    document = json.loads(text)
    assert document["Version"] == "2012-10-17"
    assert all(each["Effect"] == "Allow" for each in document["Statement"])
    return document["Statement"]


def test_the_smallest_has_exactly_the_three_that_suffice():
    on_user, last_use = statements(policy([User("billing-api", "/deploy/", "111122223333")], SMALLEST, "eu-west-1"))

    assert on_user["Action"] == ["iam:CreateAccessKey", "iam:DeleteAccessKey"]
    assert on_user["Resource"] == "arn:aws:iam::111122223333:user/deploy/billing-api"
    assert last_use["Action"] == "iam:GetAccessKeyLastUsed"
    assert last_use["Resource"] == "*"


def test_the_recommended_adds_two():
    assert RECOMMENDED[:3] == SMALLEST
    assert RECOMMENDED[3:] == ("iam:ListAccessKeys", "iam:UpdateAccessKey")


def test_each_action_says_what_it_is_for():
    assert set(GAINS) == set(RECOMMENDED)


def test_several_users():
    users = [User("a", account_id="111122223333"), User("b", "/x/", "111122223333")]
    assert statements(policy(users, SMALLEST, "eu-west-1"))[0]["Resource"] == [
        "arn:aws:iam::111122223333:user/a",
        "arn:aws:iam::111122223333:user/x/b",
    ]


def test_an_unknown_account_is_a_star():
    assert User("billing-api").arn("eu-west-1") == "arn:aws:iam::*:user/billing-api"


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-east-1", "aws"),
        ("", "aws"),
    ],
)
def test_partition(region, expected):
    assert partition(region) == expected


def test_names_cannot_break_out_of_the_document():
    assert statements(policy([User('a","b')], SMALLEST, "eu-west-1"))[0]["Resource"].endswith('a","b')
