"""A program fetches the credentials of a strategy, as an AWS SDK does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from models import AccessKey, HandedKey, HandsOut, KeyState, SharedSession
from models.base import new_id
from models.secret import write_secret
from tests import turned
from tests.api import programs
from tests.api.programs import ask
from tests.fake_clock import START

HOUR = timedelta(hours=1)
KEY_ID, SECRET = "AKIAEXAMPLE000000007", "an example's secret, as AWS makes them"


@pytest.fixture
def billing(session, keyring, payments):
    """A strategy that hands out its key, which was published."""
    made = turned.strategy(session, keyring, payments, "billing-api", hands_out=HandsOut.KEY.value)
    publish(session, keyring, payments, made, KEY_ID)
    return made


def publish(session, keyring, project, strategy, key_id, at=START):
    turned.succeeded(session, strategy, at=at, key_id=key_id)
    key = session.query(AccessKey).filter_by(access_key_id=key_id).one()
    key.secret_access_key = project.sealing_key(keyring).seal(SECRET.encode(), key.seal_place())
    session.flush()
    return key


def key_of(session, key_id=KEY_ID):
    return session.query(AccessKey).filter_by(access_key_id=key_id).one()


def expiration(response):
    return datetime.fromisoformat(response.json["Expiration"])


class TestTheKeyItself:
    def test_has_the_four_members(self, client, session, billing):
        _, text = programs.token(session, billing)
        response = ask(client, billing, text)
        assert response.status_code == 200
        assert response.content_type == "application/json"
        assert response.json == {
            "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "Token": None,
            "Expiration": f"{START + HOUR:%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        assert response.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in response.headers

    @pytest.mark.parametrize(
        ("query", "headers", "token"),
        [
            ("", {}, None),
            ("", {"User-Agent": "", "Accept": ""}, ""),
            ("", {"User-Agent": ""}, None),
            ("", {"User-Agent": "aws-sdk-java/1.12.700 Linux"}, "absent"),
            ("", {"User-Agent": "aws-sdk-java/2.30"}, None),
            ("?token=empty", {}, ""),
            ("?token=null", {"User-Agent": "", "Accept": ""}, None),
            ("?token=absent", {}, "absent"),
        ],
    )
    def test_writes_no_session_token_as_the_sdk_wants_it(self, client, session, billing, query, headers, token):
        _, text = programs.token(session, billing)
        assert ask(client, billing, text, query, **headers).json.get("Token", "absent") == token

    def test_takes_bearer_too(self, client, session, billing):
        _, text = programs.token(session, billing)
        assert ask(client, billing, f"Bearer {text}").status_code == 200

    def test_is_remembered_by_token_and_key_and_the_key_held(self, client, session, billing):
        token, text = programs.token(session, billing)
        told = expiration(ask(client, billing, text))
        (row,) = session.query(HandedKey)
        assert (row.token_id, row.key_id, row.until, row.as_session) == (token.id, key_of(session).id, told, False)
        assert key_of(session).held_until == told + timedelta(minutes=5)

    def test_a_request_writes_only_when_half_the_time_is_over(self, client, session, billing, clock):
        _, text = programs.token(session, billing)
        told = expiration(ask(client, billing, text))
        clock.advance((HOUR / 2).total_seconds())
        assert expiration(ask(client, billing, text)) == told
        clock.advance(timedelta(seconds=1).total_seconds())
        assert expiration(ask(client, billing, text)) == clock.now() + HOUR
        assert session.query(HandedKey).count() == 1

    def test_the_next_key_is_handed_out_once_published(self, client, session, keyring, payments, billing, clock):
        _, text = programs.token(session, billing)
        ask(client, billing, text)
        publish(session, keyring, payments, billing, "AKIAEXAMPLE000000008")
        assert ask(client, billing, text).json["AccessKeyId"] == "AKIAEXAMPLE000000008"
        old = key_of(session)
        assert (old.state, old.held_until) == (KeyState.RETIRING.value, START + HOUR + timedelta(minutes=5))
        assert session.query(HandedKey).count() == 2

    def test_a_key_that_was_taken_over_comes_from_the_secrets(self, client, session, keyring, payments, billing):
        key_of(session).secret_access_key = None
        _, text = programs.token(session, billing)
        response = ask(client, billing, text)
        assert response.status_code == 503, "the secrets hold a placeholder"
        sealing = payments.sealing_key(keyring)
        for secret, value in ((billing.access_key_secret, KEY_ID), (billing.secret_key_secret, SECRET)):
            write_secret(session, sealing, secret, value.encode(), now=START, author="bob", reason="edited")
        assert ask(client, billing, text).json["SecretAccessKey"] == SECRET


class TestNotReady:
    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            ({"error_code": "published_key_refused"}, "fails"),
            ({"restored_at": START}, "is tried first"),
            ({"leaked_at": START, "leaked_by": "bob"}, "being ended"),
            ({"ended_by": "bob"}, "being ended"),
            ({"state": KeyState.DELETED.value}, "No key has been published"),
        ],
    )
    def test_what_aws_refuses_or_soon_will_is_not_handed_out(self, client, session, billing, columns, reason):
        _, text = programs.token(session, billing)
        ask(client, billing, text)
        for name, value in columns.items():
            setattr(key_of(session), name, value)
        response = ask(client, billing, text)
        assert response.status_code == 503
        assert response.content_type == "application/problem+json"
        assert (response.json["code"], response.headers["Retry-After"]) == ("not-ready", "2")
        assert reason in response.json["detail"]
        assert SECRET not in response.text

    def test_before_the_first_rotation(self, client, session, keyring, payments):
        fresh = turned.strategy(session, keyring, payments, "log-shipper", hands_out=HandsOut.KEY.value)
        _, text = programs.token(session, fresh)
        assert "No key has been published yet" in ask(client, fresh, text).json["detail"]


class TestRefused:
    @pytest.fixture
    def refusal(self, client, billing):
        return ask(client, billing, "").json

    @pytest.mark.parametrize(
        "columns",
        [
            {"expires_at": START},
            {"revoked_at": START},
            {"networks": ["10.0.0.0/8"]},
            {"path": "/elsewhere"},
            {"path": "/billing", "subtree": True},
            {"path": "/", "subtree": False},
        ],
    )
    def test_a_token_without_the_right(self, client, session, billing, refusal, columns):
        token, text = programs.token(session, billing, **columns)
        response = ask(client, billing, text)
        assert (response.status_code, response.json) == (401, refusal)
        assert (token.refusals, token.refused_at) == (1, START)

    def test_another_environment(self, client, session, billing, refusal, payments):
        other = next(each.id for each in payments.environments if each.name == "staging")
        _, text = programs.token(session, billing, environment_id=other)
        assert ask(client, billing, text).json == refusal

    def test_what_it_does_not_name_and_what_does_not_exist(self, client, session, keyring, payments, billing, refusal):
        other = turned.strategy(session, keyring, payments, "log-shipper", path="/billing-api/logs")
        _, text = programs.token(session, billing)
        for strategy in (other, 999, "99999999999999", "billing-api"):
            response = ask(client, strategy, text)
            assert (response.status_code, response.json) == (401, refusal)

    @pytest.mark.parametrize("text", ["kt_", "Bearer", "Basic eDp5", "kt_" + "A" * 46, "ü" * 49])
    def test_what_is_no_token(self, client, billing, refusal, text):
        assert ask(client, billing, text).json == refusal

    def test_a_network_that_holds_the_address(self, client, session, billing):
        _, text = programs.token(session, billing, networks=["127.0.0.0/8"])
        assert ask(client, billing, text).status_code == 200

    def test_is_limited_but_never_for_a_token_that_is_right(self, client, session, billing):
        token, good = programs.token(session, billing)
        answers = [ask(client, 999, good).status_code for _ in range(61)]
        assert answers == [401] * 60 + [429]
        assert token.refusals == 60
        assert ask(client, billing, good).status_code == 200

    def test_a_signed_in_person_has_no_right_here(self, bob_client, billing, refusal):
        assert ask(bob_client, billing, "").json == refusal

    def test_wrong_method(self, client, session, billing):
        _, text = programs.token(session, billing)
        assert client.post(f"/v1/credentials/{billing.id}", headers={"Authorization": text}).status_code == 405


def test_notes_the_last_use_once_a_minute(client, session, billing, clock):
    token, text = programs.token(session, billing)
    ask(client, billing, text)
    assert (token.used_at, token.used_from) == (START, "127.0.0.1")
    clock.advance(timedelta(seconds=59).total_seconds())
    ask(client, billing, text)
    assert token.used_at == START
    clock.advance(timedelta(seconds=1).total_seconds())
    ask(client, billing, text)
    assert token.used_at == clock.now()


class TestTemporary:
    @pytest.fixture
    def shared(self, session, keyring, payments, billing):
        billing.hands_out = HandsOut.SESSION.value
        row = SharedSession(
            id=new_id(), strategy_id=billing.id, project_id=payments.id, key_id=key_of(session).id,
            fetched_at=START, expires_at=START + HOUR, renew_at=START + HOUR / 2, error_code="",
        )  # fmt: skip
        parts = json.dumps(["ASIAEXAMPLE000000001", "its secret", "its token"])
        row.credentials = row.sealed(payments.sealing_key(keyring), parts)
        session.add(row)
        session.flush()
        return row

    def test_is_shared(self, client, session, billing, shared, clock):
        for name in ("one", "two"):
            _, text = programs.token(session, billing, name=name)
            assert ask(client, billing, text).json == {
                "AccessKeyId": "ASIAEXAMPLE000000001", "SecretAccessKey": "its secret", "Token": "its token",
                "Expiration": f"{START + HOUR:%Y-%m-%dT%H:%M:%SZ}",
            }  # fmt: skip
            clock.advance(timedelta(minutes=20).total_seconds())
        assert {(row.until, row.as_session) for row in session.query(HandedKey)} == {(START + HOUR, True)}

    def test_holds_the_key_that_signed_for_it_once_a_program_is_told(self, client, session, billing, shared):
        assert key_of(session).held_until is None
        _, text = programs.token(session, billing)
        ask(client, billing, text)
        assert key_of(session).held_until == START + HOUR + timedelta(minutes=5)

    def test_goes_on_after_a_rotation_until_the_next_is_fetched(
        self, client, session, keyring, payments, billing, shared
    ):
        _, text = programs.token(session, billing)
        publish(session, keyring, payments, billing, "AKIAEXAMPLE000000008")
        assert ask(client, billing, text).json["AccessKeyId"] == "ASIAEXAMPLE000000001"
        old = key_of(session)
        assert (old.state, old.held_until) == (KeyState.RETIRING.value, START + HOUR + timedelta(minutes=5))

    def test_ends_with_a_compromised_key(self, client, session, billing, shared):
        _, text = programs.token(session, billing)
        ask(client, billing, text)
        key_of(session).leaked_at = START
        assert ask(client, billing, text).status_code == 503

    def test_is_not_handed_out_at_its_end(self, client, session, billing, shared, clock):
        shared.error_code = "aws_unreachable"
        _, text = programs.token(session, billing)
        clock.advance(timedelta(minutes=55).total_seconds())
        assert ask(client, billing, text).status_code == 200
        clock.advance(timedelta(seconds=1).total_seconds())
        response = ask(client, billing, text)
        assert response.status_code == 503
        assert "tries again by itself" in response.json["detail"]

    def test_is_fetched_first_where_nobody_had_asked(self, client, session, billing):
        billing.hands_out = HandsOut.SESSION.value
        _, text = programs.token(session, billing)
        assert "first time" in ask(client, billing, text).json["detail"]
        assert session.query(SharedSession).one().renew_at == START
