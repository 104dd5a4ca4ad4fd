"""The list of connections, a connection's page, Check now and Delete."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Action, AuditEntry, Connection, KeyState
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import text_of

LIST = "/projects/payments/connections"
PAGE = f"{LIST}/prod-manager"
SECRET = "the manager's secret, for tests"


@pytest.fixture
def connection(session, keyring, payments) -> Connection:
    return turned.connection(session, keyring, payments)


class TestList:
    def test_empty(self, bob_client):
        page = text_of(bob_client.get(LIST))
        assert "No manager is stored in this project yet" in page
        assert "Add connection" in page

    def test_shows_each(self, bob_client, session, keyring, payments, connection):
        turned.strategy(session, keyring, payments, "billing-api")
        turned.strategy(session, keyring, payments, "mail-relay")
        connection.key_since = START - timedelta(days=12)
        page = text_of(bob_client.get(LIST))
        assert "prod-manager 111122223333, user/key-manager eu-west-1 2 strategies Key, 12 d old Not checked" in page

    def test_not_those_of_other_projects(self, bob_client, session, keyring, theirs):
        turned.connection(session, keyring, theirs, "their-manager")
        assert "their-manager" not in bob_client.get(LIST).text

    @pytest.mark.parametrize(
        ("rows", "word"),
        [
            ([("manager", "ok", "")], "Works"),
            ([("manager", "failed", "manager_key_unknown")], "Key refused"),
            ([("manager", "failed", "aws_unreachable")], "AWS didn\u2019t answer"),
            ([("manager", "ok", ""), ("iam:DeleteAccessKey", "failed", "not_permitted")], "Works, 1 finding"),
        ],
    )
    def test_says_what_the_last_check_found(self, bob_client, connection, rows, word):
        connection.checked_at = START
        connection.check = [
            {"asked": asked, "outcome": outcome, "sentence": "S", "note": "", "said": "", "code": code}
            for asked, outcome, code in rows
        ]
        assert word in text_of(bob_client.get(LIST))
        assert word in text_of(bob_client.get(PAGE))

    def test_the_number_of_statements_does_not_grow(self, bob_client, session, keyring, payments, count_statements):
        turned.connection(session, keyring, payments)

        def statements():
            with count_statements() as counted:
                bob_client.get(LIST)
            return counted()

        bob_client.get(LIST)
        few = statements()
        for number in range(20):
            turned.connection(session, keyring, payments, f"manager-{number}")
        assert statements() == few


class TestPage:
    def test_shows_what_is_known(self, bob_client, session, keyring, payments, connection):
        turned.strategy(session, keyring, payments, "billing-api", user_path="/apps/")
        response = bob_client.get(PAGE)
        page = text_of(response)
        assert "IAM user key-manager account 111122223333 region eu-west-1" in page
        assert "AKIAEXAMPLEMANAGER01" in page
        assert "arn:aws:iam::111122223333:user/apps/billing-api" in page
        assert "billing-api production:/billing-api Never rotated" in page
        assert "8, at least 1 s apart" in page
        assert SECRET not in response.text

    def test_without_strategies(self, bob_client, connection):
        page = text_of(bob_client.get(PAGE))
        assert "Not checked yet" in page
        assert "It can be chosen when a strategy is added" in page

    def test_the_number_of_statements_does_not_grow(
        self, bob_client, session, keyring, payments, connection, count_statements
    ):
        def statements():
            with count_statements() as counted:
                bob_client.get(PAGE)
            return counted()

        turned.strategy(session, keyring, payments, "billing-api")
        bob_client.get(PAGE)
        few = statements()
        for number in range(10):
            turned.strategy(session, keyring, payments, f"user-{number}")
        assert statements() == few


class TestCheck:
    @pytest.mark.parametrize("htmx", [False, True])
    def test_works(self, bob_client, aws, session, keyring, payments, connection, htmx):
        turned.strategy(session, keyring, payments, "billing-api")
        turned.strategy(session, keyring, payments, "mail-relay")
        response = bob_client.post(f"{PAGE}/check", htmx=htmx)
        if htmx:
            assert "iam:DeleteAccessKey is allowed on billing-api, mail-relay" in text_of(response)
            assert 'id="connection-state"' in response.text
        else:
            assert (response.status_code, response.location) == (303, PAGE)
        assert connection.checked_at == START
        assert connection.manager == "user/keyturn-manager"
        assert aws.asked == [("AKIAEXAMPLEMANAGER01", SECRET, "eu-west-1")]
        (entry,) = session.query(AuditEntry).filter_by(action=Action.CONNECTION_CHECK.value)
        assert (entry.thing, entry.detail) == ("prod-manager", {"failed": 0})

    def test_a_refused_key(self, bob_client, aws, connection):
        aws.fail_next("identify", "manager_key_unknown", key="AKIAEXAMPLEMANAGER01")
        page = text_of(bob_client.post(f"{PAGE}/check", htmx=True))
        assert "Their keys are not the manager\u2019s, and go on working" in page
        assert "press Replace key" in page
        assert connection.account_id == "111122223333"

    def test_one_user_is_refused(self, bob_client, aws, session, keyring, payments, connection):
        turned.strategy(session, keyring, payments, "billing-api")
        turned.strategy(session, keyring, payments, "gone")
        page = text_of(bob_client.post(f"{PAGE}/check", htmx=True))
        assert "There is no IAM user gone" in page
        assert "Works, 1 finding" in page

    def test_asks_of_a_key_that_the_user_has(self, bob_client, aws, session, keyring, payments, connection):
        strategy = turned.strategy(session, keyring, payments, "billing-api")
        held = aws.add_key("billing-api").access_key_id
        turned.key(session, strategy, None, KeyState.ACTIVE, held)
        bob_client.post(f"{PAGE}/check")
        assert [call.access_key_id for call in aws.calls_of("last_use")] == [held]

    def test_deleted_while_aws_was_asked(self, bob_client, aws, session, connection):
        def delete(when, method):
            if (when, method) == ("after", "identify"):
                session.delete(session.get_one(Connection, connection_id))
                session.commit()

        connection_id = connection.id
        aws.watch(delete)
        assert bob_client.post(f"{PAGE}/check").status_code == 404


class TestDelete:
    def test_asks_first(self, bob_client, connection):
        assert "No strategy uses it" in text_of(bob_client.get(f"{PAGE}/delete", htmx=True))
        assert "<dialog" in bob_client.get(f"{PAGE}/delete").text

    @pytest.mark.parametrize("htmx", [False, True])
    def test_works(self, bob_client, session, connection, htmx):
        response = bob_client.post(f"{PAGE}/delete", htmx=htmx)
        assert (response.headers.get("HX-Redirect") or response.location) == LIST
        assert not session.query(Connection).count()
        (entry,) = session.query(AuditEntry).filter_by(action=Action.CONNECTION_DELETE.value)
        assert (entry.thing, entry.actor) == ("prod-manager", "bob")

    def test_not_while_it_is_used(self, bob_client, session, keyring, payments, connection):
        turned.strategy(session, keyring, payments, "billing-api")
        page = bob_client.get(f"{PAGE}/delete").text
        assert "while the strategy of billing-api uses it" in page
        assert "disabled" in page
        assert bob_client.post(f"{PAGE}/delete").status_code == 422
        assert session.query(Connection).count() == 1

    def test_wants_a_fresh_password(self, bob_client, session, clock, connection):
        clock.advance(16 * 60)
        assert "password" in text_of(bob_client.post(f"{PAGE}/delete")).lower()
        assert session.query(Connection).count() == 1


class TestAccess:
    @pytest.mark.parametrize("path", ["", "/edit", "/key", "/delete"])
    def test_a_stranger_finds_nothing(self, charlie_client, connection, path):
        assert charlie_client.get(f"{PAGE}{path}").status_code == 404
        assert charlie_client.get(f"{PAGE}{path}".replace("payments", "data-platform")).status_code == 404

    @pytest.mark.parametrize("path", ["/check", "/edit", "/key", "/delete"])
    def test_a_stranger_changes_nothing(self, charlie_client, aws, session, connection, path):
        assert charlie_client.post(f"{PAGE}{path}").status_code == 404
        assert session.query(Connection).count() == 1
        assert not aws.calls

    def test_a_stranger_does_not_see_the_list(self, charlie_client, payments):
        assert charlie_client.get(LIST).status_code == 404
        assert charlie_client.get(f"{LIST}/new").status_code == 404

    def test_wrong_method(self, bob_client, connection):
        assert bob_client.get(f"{PAGE}/check").status_code == 405
        assert bob_client.post(LIST).status_code == 405
        assert bob_client.post(PAGE).status_code == 405

    def test_an_unknown_name(self, bob_client):
        assert bob_client.get(f"{LIST}/nothing").status_code == 404
        assert bob_client.post(f"{LIST}/nothing/check").status_code == 404
