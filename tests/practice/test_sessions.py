"""Users' sessions at practice AWS."""

from __future__ import annotations

import re

from practice import sessions
from practice.account import Account
from practice.request import Request
from tests.practice_aws import new_name

REGION = "us-east-1"


def signed_by(access_key_id: str) -> Request:
    credential = f"AWS4-HMAC-SHA256 Credential={access_key_id}/20260101/{REGION}/sts/aws4_request, SignedHeaders=host"
    return Request("POST", "/", {"authorization": credential}, b"")


def test_of_very_many_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(sessions, "_KEPT", 2)
    account = Account(REGION)
    user = account.iam.create_user(REGION, new_name("target"))
    answers = [sessions.get_session_token(signed_by("AKIA"), user, 0) for _ in range(3)]
    made = [re.search(rb"<AccessKeyId>(\w+)", answer.body)[1].decode() for answer in answers]
    assert [sessions.session_of(signed_by(each)) is not None for each in made] == [False, True, True]
    assert [account.key(each) is not None for each in made] == [False, True, True]
