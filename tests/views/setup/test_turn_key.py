"""Turning a connection's own key, too: from the connection's page."""

from __future__ import annotations

import pytest

from models import AccessKey, Action, AuditEntry, Connection, KeyState, RotationStrategy
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import MANAGER, error_at, text_of

CONNECTION = "/projects/payments/connections/prod-manager"
TURN = f"{CONNECTION}/turn"
NEW_KEY = {"manager_access_key": "AKIAEXAMPLEMANAGER02", "manager_secret_key": "example-other-secret-hidden"}


@pytest.fixture
def connection(session, keyring, payments) -> Connection:
    made = turned.connection(session, keyring, payments)
    session.commit()
    return made


@pytest.fixture
def aws(aws):
    aws.add_user(MANAGER)
    return aws


def form(**changes):
    return {
        "repeat": "every", "interval": "30", "interval_unit": "days", "grace": "24", "grace_unit": "hours",
        "retire_when": "quiet", "quiet": "24", "quiet_unit": "hours", **changes,
    }  # fmt: skip


@pytest.fixture
def own(bob_client, aws, connection, session):
    assert bob_client.post(TURN, data=form()).status_code == 303
    return session.query(RotationStrategy).one()


def test_the_page_offers_it_once(bob_client, aws, connection):
    assert "Turn this key, too" in bob_client.get(CONNECTION).text
    page = text_of(bob_client.get(TURN))
    assert "Turn the key of prod-manager" in page
    assert "AKIAEXAMPLEMANAGER01" in page
    assert "arn:aws:iam::111122223333:user/key-manager" in page  # the policy names the manager itself
    bob_client.post(TURN, data=form())
    page = text_of(bob_client.get(CONNECTION))
    assert "Turn this key, too" not in page
    assert f"{MANAGER} turns the key of this connection" in page


def test_makes_a_strategy_whose_output_is_the_connection(own, connection, session):
    assert (own.turns_manager, own.connection_id, own.user_name) == (True, connection.id, MANAGER)
    assert (own.access_key_secret_id, own.secret_key_secret_id) == (None, None)
    assert own.interval_s == 30 * 86_400
    assert own.due_at is not None
    (entry,) = session.query(AuditEntry).filter(AuditEntry.action == Action.STRATEGY_CREATE)
    assert entry.detail["outputs"] == "the connection"


def test_every_page_of_it_says_so(bob_client, own):
    strategy = f"/projects/payments/strategies/{own.id}"
    assert "the key of prod-manager" in text_of(bob_client.get("/projects/payments/strategies"))
    assert "publishes to the connection itself" in text_of(bob_client.get(strategy))
    assert "The connection prod-manager goes on" in text_of(bob_client.get(f"{strategy}/delete"))
    assert 'value="delete"' not in bob_client.get(f"{strategy}/delete").text
    bob_client.post(f"{strategy}/rotate")
    assert bob_client.get(f"{strategy}/rotations").status_code == 200
    assert "What Keyturn asks AWS with" in bob_client.get("/projects/payments/rotations/1").text


def test_is_edited_where_it_was_made(bob_client, own, session):
    edit = f"/projects/payments/strategies/{own.id}/edit"
    assert bob_client.get(edit).headers["Location"] == TURN
    assert bob_client.post(edit).status_code == 404
    assert 'value="30"' in bob_client.get(TURN).text
    assert bob_client.post(TURN, data=form(interval="60")).status_code == 303
    session.refresh(own)
    assert own.interval_s == 60 * 86_400
    (entry,) = session.query(AuditEntry).filter(AuditEntry.action == Action.STRATEGY_CHANGE)
    assert entry.detail == {"interval_s": "2592000 to 5184000"}


def test_a_check_that_found_something_can_be_overruled_knowingly(bob_client, aws, connection, session):
    aws.deny("may_delete")
    response = bob_client.post(TURN, data=form())
    assert response.status_code == 422
    assert "The manager may not call iam:DeleteAccessKey" in text_of(response)
    assert session.query(RotationStrategy).count() == 0
    assert bob_client.post(TURN, data=form(save_anyway="y")).status_code == 303


def test_a_key_that_aws_refuses_is_not_turned(bob_client, aws, connection, session):
    aws.fail_next("identify", "manager_key_unknown", key="AKIAEXAMPLEMANAGER01")
    response = bob_client.post(TURN, data=form(save_anyway="y"))
    assert "AWS refuses the manager's access key" in error_at(response, "interval")
    assert session.query(RotationStrategy).count() == 0


def test_a_user_that_another_strategy_turns_is_refused(bob_client, aws, connection, session, keyring, payments):
    other = turned.strategy(session, keyring, payments, MANAGER)
    other.set_target(MANAGER, turned.ACCOUNT)
    session.commit()
    assert "Another strategy turns" in error_at(bob_client.post(TURN, data=form()), "interval")


class TestBeneathARole:
    @pytest.fixture
    def connection(self, connection, session):
        connection.role_arn, connection.manager = "arn:aws:iam::222233334444:role/keyturn", "role/keyturn"
        connection.account_id, connection.assumed_by = (
            "222233334444",
            f"arn:aws:iam::{turned.ACCOUNT}:user/ops/{MANAGER}",
        )
        session.commit()
        return connection

    def test_the_key_turns_that_assumes_it(self, bob_client, aws, connection, session):
        page = text_of(bob_client.get(TURN))
        assert f"arn:aws:iam::{turned.ACCOUNT}:user/ops/{MANAGER}" in page
        assert "The key itself asks here, not the role" in page
        assert bob_client.post(TURN, data=form()).status_code == 303
        made = session.query(RotationStrategy).one()
        assert (made.user_name, made.account_id, made.turns_manager) == (MANAGER, turned.ACCOUNT, True)
        session.refresh(connection)
        assert (connection.manager, connection.account_id) == ("role/keyturn", "222233334444")
        policy = bob_client.get(CONNECTION).text.partition('id="policy-recommended"')[2].partition("</pre>")[0]
        assert MANAGER not in policy  # the role needn't turn it

    def test_a_check_asks_about_it_by_the_key_itself(self, bob_client, aws, connection):
        bob_client.post(TURN, data=form())
        asked = []
        aws.watch(lambda when, method: asked.append((when, method)))
        assert bob_client.post(f"{CONNECTION}/check").status_code == 303
        assert ("before", "may_delete") in asked
        assert f"iam:DeleteAccessKey is allowed on {MANAGER}" in text_of(bob_client.get(CONNECTION))

    def test_another_connection_with_the_same_key_tells_whose_strategy_turns_it(
        self, bob_client, aws, connection, session, keyring, payments
    ):
        bob_client.post(TURN, data=form())
        twin = turned.connection(session, keyring, payments, name="other-account")
        twin.access_key_id, twin.role_arn = connection.access_key_id, "arn:aws:iam::555566667777:role/keyturn"
        session.commit()
        page = bob_client.get("/projects/payments/connections/other-account")
        assert "turns by itself , together with that of prod-manager" in text_of(page)
        assert "Turn this key, too" not in page.text


def test_the_servers_own_credentials_have_no_key_to_turn(bob_client, aws, connection, session):
    connection.access_key_id, connection.secret_access_key = "", None
    session.commit()
    assert "Turn this key" not in bob_client.get(CONNECTION).text
    assert "this connection has none" in error_at(bob_client.post(TURN, data=form()), "interval")


class TestPreview:
    @staticmethod
    def preview(client, **fields):
        return client.post(f"{TURN}/preview", data=form(**fields), headers={"HX-Request": "true"})

    def test_the_next_five_times(self, bob_client, aws, connection, session):
        page = self.preview(bob_client, repeat="daily", at="03:30", days=["1", "4"], zone="America/New_York")
        assert text_of(page).count("in America/New_York") == 5
        assert session.query(RotationStrategy).count() == 0
        assert aws.calls == []

    def test_what_can_not_be_is_told_at_its_field(self, bob_client, connection):
        page = self.preview(bob_client, interval="1", interval_unit="hours")
        assert "Too short" in error_at(page, "interval")
        assert "2026" not in text_of(page)

    def test_without_javascript_the_page_comes_back(self, bob_client, connection):
        page = text_of(bob_client.post(f"{TURN}/preview", data=form(interval="60")))
        assert "Turn the key of prod-manager" in page
        assert "Sat 23 Jan 2027, 12:00" in page

    def test_a_stranger(self, charlie_client, connection):
        assert self.preview(charlie_client).status_code == 404


def test_an_interval_that_can_not_be_is_refused_at_its_field(bob_client, aws, connection):
    assert "Too short" in error_at(bob_client.post(TURN, data=form(interval="1", interval_unit="hours")), "interval")


def test_strangers_and_wrong_places(charlie_client, bob_client, connection):
    assert charlie_client.get(TURN).status_code == 404
    assert charlie_client.post(TURN, data=form()).status_code == 404
    assert bob_client.get("/projects/payments/connections/nowhere/turn").status_code == 404


class TestAnotherKeyByHand:
    def test_the_one_before_becomes_an_old_key(self, bob_client, own, session):
        before = turned.succeeded(session, own, at=START)
        session.commit()
        assert bob_client.post(f"{CONNECTION}/key", data=NEW_KEY).status_code == 303
        session.expire_all()
        keys = session.query(AccessKey).all()
        assert [key.state for key in keys] == [KeyState.RETIRING.value]
        assert keys[0].look_at is not None
        assert before

    def test_of_another_user_is_refused(self, bob_client, aws, own, session):
        aws.add_user("somebody-else")
        aws.manager = "somebody-else"
        response = bob_client.post(f"{CONNECTION}/key", data=NEW_KEY)
        assert f"Enter a key of {MANAGER}" in error_at(response, "manager_access_key")
        assert session.query(Connection).populate_existing().one().access_key_id == "AKIAEXAMPLEMANAGER01"
