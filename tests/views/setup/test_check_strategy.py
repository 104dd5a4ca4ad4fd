"""The Check button, and the checks as fields change."""

from __future__ import annotations

import pytest

from models import AuditEntry, Connection, KeyState
from tests import turned
from tests.fake_provider import ACCOUNT
from tests.views.setup.filled import KEY_ID, NEW, SECRET_KEY, strategy_form, text_of
from tests.views.setup.test_add_strategy import place_pair

CHECK = f"{NEW}/check"


def test_works(bob_client, aws, session):
    response = bob_client.post(CHECK, data=strategy_form(), htmx=True)
    page = text_of(response)
    assert response.status_code == 200
    assert "The manager's key works" in page
    assert "iam:DeleteAccessKey is allowed on billing-api" in page
    assert "iam:CreateAccessKey can't be tried without making a key" in page
    assert aws.asked == [(KEY_ID, SECRET_KEY, "eu-west-1")]
    assert not session.query(Connection).count()
    assert not session.query(AuditEntry).count()


def test_the_policy_learns_the_account(bob_client, aws):
    page = bob_client.post(CHECK, data=strategy_form(iam_path="/apps/"), htmx=True).text
    assert f"arn:aws:iam::{ACCOUNT}:user/apps/billing-api" in page
    assert f'name="account" value="{ACCOUNT}"' in page


def test_the_secret_is_not_echoed(bob_client, aws):
    assert SECRET_KEY not in bob_client.post(CHECK, data=strategy_form(), htmx=True).text
    assert SECRET_KEY not in bob_client.post(CHECK, data=strategy_form()).text


def test_without_javascript_the_page_comes_back_as_typed(bob_client, aws):
    response = bob_client.post(CHECK, data=strategy_form(interval="nonsense"))
    page = text_of(response)
    assert response.status_code == 200
    assert "The manager's key works" in page
    assert "Enter it again" in page
    assert "whole number" not in page
    assert 'value="nonsense"' in response.text


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("manager_access_key", "Manager User Access Key"),
        ("manager_secret_key", "Manager User Secret Key"),
        ("manager_region", "Manager User AWS Region"),
        ("iam_username", "IAM Username"),
    ],
)
def test_what_is_missing_is_named_and_aws_is_not_asked(bob_client, aws, field, label):
    page = text_of(bob_client.post(CHECK, data=strategy_form(**{field: ""}), htmx=True))
    assert f"Not asked yet: AWS can be asked once {label} is right." in page
    assert not aws.calls


def test_what_the_check_does_not_need_may_be_wrong(bob_client, aws):
    page = text_of(bob_client.post(CHECK, data=strategy_form(interval="x", path="/a b", quiet="1"), htmx=True))
    assert "Good to go" in page


def test_a_refused_key(bob_client, aws):
    aws.fail_next("identify", "manager_secret_wrong")
    page = text_of(bob_client.post(CHECK, data=strategy_form(), htmx=True))
    assert "Key refused" in page
    assert "SignatureDoesNotMatch" in page
    assert "Not tried without a manager key that works" in page


def test_finds_the_key_that_the_placeholder_holds(bob_client, aws, session, key, payments):
    held = aws.add_key("billing-api").access_key_id
    first, second = place_pair(session, key, payments, first=f"{held}\n".encode())
    form = strategy_form(access_key_secret=str(first.id), secret_key_secret=str(second.id))
    page = text_of(bob_client.post(CHECK, data=form, htmx=True))
    assert f"{held} belongs to billing-api" in page


def test_a_placeholder_with_another_users_key_is_no_failure(bob_client, aws, session, key, payments):
    held = aws.add_key("mail-relay").access_key_id
    first, second = place_pair(session, key, payments, first=held.encode())
    form = strategy_form(access_key_secret=str(first.id), secret_key_secret=str(second.id))
    page = text_of(bob_client.post(CHECK, data=form, htmx=True))
    assert "is a key of mail-relay, not of billing-api" in page
    assert "Good to go" in page


def test_a_stored_connection(bob_client, aws, session, keyring, payments):
    stored = turned.connection(session, keyring, payments)
    form = strategy_form(manager="stored", connection=stored.id, manager_access_key="", manager_secret_key="")
    assert "Good to go" in text_of(bob_client.post(CHECK, data=form, htmx=True))
    assert aws.asked[0][0] == stored.access_key_id


def test_a_strategys_own_keys_leave_room(bob_client, aws, session, keyring, payments):
    strategy = turned.strategy(session, keyring, payments, "billing-api")
    keys = [aws.add_key("billing-api").access_key_id for _ in range(2)]
    turned.key(session, strategy, None, KeyState.ACTIVE, keys[0])
    turned.key(session, strategy, None, KeyState.RETIRING, keys[1])
    form = strategy_form(manager="stored", connection=strategy.connection_id)
    address = f"/projects/payments/strategies/{strategy.id}/edit/check"
    assert "Good to go" in text_of(bob_client.post(address, data=form, htmx=True))


def test_the_number_of_an_unknown_strategy(bob_client, aws):
    assert bob_client.post("/projects/payments/strategies/77/edit/check", data=strategy_form()).status_code == 404


def test_the_account_that_a_page_sends_is_only_shown_if_it_is_one(bob_client, aws):
    aws.fail_next("identify", "throttled")
    page = bob_client.post(CHECK, data=strategy_form(account='"><b>'), htmx=True).text
    assert "arn:aws:iam::*:user/billing-api" in page
