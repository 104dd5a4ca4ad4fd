"""Add connection, Edit and Replace key."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import pytest

from models import Action, AuditEntry, Connection
from tests import turned
from tests.fake_clock import START
from tests.fake_provider import ACCOUNT
from tests.views.setup.filled import KEY_ID, SECRET_KEY, connection_form, error_at, text_of, value_of

LIST = "/projects/payments/connections"
PAGE = f"{LIST}/prod-manager"
DAY = timedelta(days=1)


@pytest.fixture
def connection(session, keyring, payments) -> Connection:
    return turned.connection(session, keyring, payments)


def entries(session, action):
    return session.query(AuditEntry).filter_by(action=action.value).all()


class TestAdd:
    @pytest.mark.parametrize("htmx", [False, True])
    def test_works(self, bob_client, aws, session, key, htmx):
        response = bob_client.post(f"{LIST}/new", data=connection_form(), htmx=htmx)
        assert (response.headers.get("HX-Redirect") or response.location) == PAGE
        (made,) = session.query(Connection)
        assert (made.access_key_id, made.open_secret(key), made.account_id) == (KEY_ID, SECRET_KEY, ACCOUNT)
        assert (made.verify_rounds, made.verify_gap_s, made.verify_services) == (8, 1, ["sts", "iam", "s3"])
        (entry,) = entries(session, Action.CONNECTION_CREATE)
        assert entry.detail == {"key": KEY_ID, "region": "eu-west-1"}

    def test_without_a_name_it_gets_the_managers(self, bob_client, aws, session):
        bob_client.post(f"{LIST}/new", data=connection_form(connection_name=""))
        assert session.query(Connection).one().name == "keyturn-manager"

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("connection_name", "Prod", "lower-case"),
            ("connection_name", "new", "Choose another"),
            ("manager_access_key", "x", "access key ID"),
            ("manager_secret_key", "", "Enter the secret key"),
            ("manager_region", "here", "eu-west-1"),
        ],
    )
    def test_bad_input(self, bob_client, aws, session, field, value, said):
        response = bob_client.post(f"{LIST}/new", data=connection_form(**{field: value}), htmx=True)
        assert response.status_code == 422
        assert said in error_at(response, field)
        assert SECRET_KEY not in response.text
        assert not session.query(Connection).count()
        assert not aws.calls

    def test_a_name_or_key_that_is_there(self, bob_client, aws, session, connection):
        response = bob_client.post(f"{LIST}/new", data=connection_form())
        assert "There is a connection prod-manager" in error_at(response, "connection_name")
        twin = connection_form(connection_name="twin", manager_access_key=connection.access_key_id)
        response = bob_client.post(f"{LIST}/new", data=twin)
        assert "prod-manager has this key" in error_at(response, "manager_access_key")
        assert session.query(Connection).count() == 1

    def test_the_same_name_in_another_project_is_free(self, bob_client, aws, session, keyring, theirs):
        turned.connection(session, keyring, theirs)
        assert bob_client.post(f"{LIST}/new", data=connection_form()).status_code == 303

    def test_a_refused_key_comes_back_and_can_be_saved_all_the_same(self, bob_client, aws, session):
        aws.fail_next("identify", "manager_secret_wrong", times=2)
        response = bob_client.post(f"{LIST}/new", data=connection_form())
        assert response.status_code == 422
        assert "doesn't match" in error_at(response, "manager_secret_key")
        assert "Save all the same" in response.text
        assert not session.query(Connection).count()
        assert bob_client.post(f"{LIST}/new", data=connection_form(save_anyway="y")).status_code == 303
        assert session.query(Connection).one().account_id == ""

    def test_aws_does_not_answer(self, bob_client, aws):
        aws.fail_next("identify", "aws_unreachable")
        response = bob_client.post(f"{LIST}/new", data=connection_form())
        assert response.status_code == 422
        assert "AWS doesn't answer" in text_of(response)

    def test_the_form(self, bob_client):
        assert "Add a connection" in bob_client.get(f"{LIST}/new").text

    def test_a_stranger(self, charlie_client, aws, payments, session):
        assert charlie_client.post(f"{LIST}/new", data=connection_form()).status_code == 404
        assert not session.query(Connection).count()


class TestEdit:
    FORM: ClassVar = {
        "connection_name": "prod-manager",
        "region": "eu-west-1",
        "verify_rounds": "8",
        "verify_gap_s": "1",
        "verify_services": ["sts", "iam", "s3"],
    }

    def edit(self, client, htmx=False, **changes):
        return client.post(f"{PAGE}/edit", data={**self.FORM, **changes}, htmx=htmx)

    def test_the_form_shows_what_is(self, bob_client, connection):
        page = bob_client.get(f"{PAGE}/edit")
        assert [value_of(page, name) for name in ("connection_name", "region", "verify_rounds", "verify_gap_s")] == [
            "prod-manager",
            "eu-west-1",
            "8",
            "1",
        ]
        assert page.text.count("checked") == 3

    @pytest.mark.parametrize("htmx", [False, True])
    def test_works(self, bob_client, aws, session, connection, htmx):
        response = self.edit(
            bob_client,
            htmx,
            connection_name="main",
            region="us-east-1",
            verify_rounds="3",
            verify_services=["sts", "s3"],
        )
        assert (response.headers.get("HX-Redirect") or response.location) == f"{LIST}/main"
        assert (connection.name, connection.region, connection.verify_rounds) == ("main", "us-east-1", 3)
        assert connection.verify_services == ["sts", "s3"]
        (entry,) = entries(session, Action.CONNECTION_CHANGE)
        assert entry.detail["name"] == "prod-manager to main"
        assert "verify_gap_s" not in entry.detail

    def test_unchanged_is_not_recorded(self, bob_client, session, connection):
        self.edit(bob_client)
        assert not entries(session, Action.CONNECTION_CHANGE)

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("connection_name", "", "lower-case"),
            ("connection_name", "new", "Choose another"),
            ("connection_name", "other-manager", "There is a connection other-manager"),
            ("region", "", "eu-west-1"),
            ("verify_rounds", "0", "from 1 to 60"),
            ("verify_rounds", "many", "whole number"),
            ("verify_rounds", "", "from 1 to 60"),
            ("verify_gap_s", "-1", "from 0 to 60"),
            ("verify_gap_s", "15", ""),
            ("verify_services", ["iam"], "STS can't be left out"),
        ],
    )
    def test_bad_input(self, bob_client, session, keyring, payments, connection, field, value, said):
        turned.connection(session, keyring, payments, "other-manager")
        response = self.edit(bob_client, **{field: value})
        assert response.status_code == 422
        assert said in error_at(response, field)
        assert (connection.name, connection.region, connection.verify_rounds) == ("prod-manager", "eu-west-1", 8)

    def test_rounds_that_do_not_fit_into_the_time(self, bob_client, connection):
        response = self.edit(bob_client, verify_rounds="12", verify_gap_s="10")
        assert "12 rounds 10 s apart don't fit into the 120 s" in error_at(response, "verify_rounds")

    def test_an_unknown_service(self, bob_client, connection):
        assert self.edit(bob_client, verify_services=["sts", "ec2"]).status_code == 422


class TestReplaceKey:
    FORM: ClassVar = {"manager_access_key": "AKIAEXAMPLEMANAGER02", "manager_secret_key": "example-other-secret-hidden"}

    def replace(self, client, htmx=False, **changes):
        return client.post(f"{PAGE}/key", data={**self.FORM, **changes}, htmx=htmx)

    @pytest.mark.parametrize("htmx", [False, True])
    def test_works(self, bob_client, aws, session, key, connection, htmx):
        response = self.replace(bob_client, htmx)
        assert (response.headers.get("HX-Redirect") or response.location) == PAGE
        assert connection.access_key_id == "AKIAEXAMPLEMANAGER02"
        assert connection.open_secret(key) == "example-other-secret-hidden"
        assert (connection.key_since, connection.key_by, connection.checked_at) == (START, "bob", START)
        (entry,) = entries(session, Action.CONNECTION_CHANGE)
        assert entry.detail == {"key": "AKIAEXAMPLEMANAGER01 to AKIAEXAMPLEMANAGER02"}

    @pytest.mark.parametrize(
        ("code", "field"),
        [
            ("manager_secret_wrong", "manager_secret_key"),
            ("manager_key_unknown", "manager_access_key"),
            ("aws_unreachable", "manager_access_key"),
        ],
    )
    def test_not_by_one_that_aws_does_not_take(self, bob_client, aws, connection, code, field):
        aws.fail_next("identify", code)
        response = self.replace(bob_client)
        assert response.status_code == 422
        assert error_at(response, field)
        assert "Enter it again" in error_at(response, "manager_secret_key")
        assert connection.access_key_id == "AKIAEXAMPLEMANAGER01"
        assert "example-other-secret-hidden" not in response.text

    def test_not_by_another_accounts_while_strategies_use_it(
        self, bob_client, aws, session, keyring, payments, connection
    ):
        turned.strategy(session, keyring, payments, "billing-api")
        connection.account_id = "999988887777"
        response = self.replace(bob_client)
        assert "of account 111122223333" in error_at(response, "manager_access_key")
        assert connection.access_key_id == "AKIAEXAMPLEMANAGER01"

    def test_by_another_accounts_while_nobody_uses_it(self, bob_client, aws, connection):
        connection.account_id = "999988887777"
        assert self.replace(bob_client).status_code == 303
        assert connection.account_id == ACCOUNT

    def test_strategies_that_failed_go_on(self, bob_client, aws, session, keyring, payments, connection):
        failed = turned.strategy(session, keyring, payments, "billing-api", due_in=25 * DAY)
        turned.failed(session, failed, "manager_key_unknown", at=START - DAY)
        well = turned.strategy(session, keyring, payments, "mail-relay", due_in=25 * DAY)
        self.replace(bob_client)
        assert failed.due_at == START
        assert well.due_at == START + 25 * DAY

    @pytest.mark.parametrize("field", ["manager_access_key", "manager_secret_key"])
    def test_bad_input(self, bob_client, aws, connection, field):
        response = self.replace(bob_client, **{field: "x"})
        assert response.status_code == 422
        assert error_at(response, field)
        assert not aws.calls

    def test_the_form(self, bob_client, connection):
        assert "Replace the key of prod-manager" in bob_client.get(f"{PAGE}/key").text
