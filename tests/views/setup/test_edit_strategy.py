"""Edit: a change takes effect at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Action, AuditEntry, KeyState, RotationStrategy
from models.secret import StaleSecretError, current_values, write_secret
from tests import turned
from tests.fake_clock import START
from tests.fake_provider import ACCOUNT
from tests.views.setup.filled import NEW, SECRET_KEY, error_at, strategy_form, text_of, value_of
from tests.views.setup.test_add_strategy import place_pair

DAY = timedelta(days=1)


@pytest.fixture
def strategy(session, keyring, payments, aws) -> RotationStrategy:
    """Turned 8 days ago, every 30 days."""
    made = turned.strategy(session, keyring, payments, "billing-api", due_in=22 * DAY, user_path="/apps/")
    turned.succeeded(session, made, at=START - 8 * DAY, key_id=aws.add_key("billing-api").access_key_id)
    return made


def page_of(strategy):
    return f"/projects/payments/strategies/{strategy.id}"


def form_of(strategy, **changes):
    """The form as the page shows it, with changes."""
    return strategy_form(
        **{
            "manager": "stored",
            "connection": strategy.connection_id,
            "manager_access_key": "",
            "manager_secret_key": "",
            "iam_path": "/apps/",
            "path": "/billing-api",
            "access_key_secret": str(strategy.access_key_secret_id),
            "secret_key_secret": str(strategy.secret_key_secret_id),
            **changes,
        }
    )


def edit(client, strategy, *, htmx=False, **changes):
    return client.post(f"{page_of(strategy)}/edit", data=form_of(strategy, **changes), htmx=htmx)


def test_the_form_shows_the_strategy(bob_client, strategy):
    page = bob_client.get(f"{page_of(strategy)}/edit")
    shown = {name: value_of(page, name) for name in ("iam_username", "iam_path", "path", "interval", "grace")}
    assert shown == {
        "iam_username": "billing-api",
        "iam_path": "/apps/",
        "path": "/billing-api",
        "interval": "30",
        "grace": "24",
    }
    assert "Edit the strategy for billing-api" in page.text
    assert "Thu 16 Dec" not in page.text
    assert "Wed 16 Dec 2026, 12:00" in text_of(page)


@pytest.mark.parametrize("htmx", [False, True])
def test_works(bob_client, session, strategy, htmx):
    response = edit(bob_client, strategy, htmx=htmx, grace="3", grace_unit="days")
    where = response.headers["HX-Redirect"] if htmx else response.location
    assert where == page_of(strategy)
    assert strategy.grace_s == 3 * 86_400


def test_an_unchanged_form_changes_and_records_nothing(bob_client, session, strategy):
    due_at = strategy.due_at
    edit(bob_client, strategy)
    assert strategy.due_at == due_at
    assert not session.query(AuditEntry).filter_by(action=Action.STRATEGY_CHANGE.value).count()


def test_a_shorter_interval_moves_the_next_time(bob_client, strategy):
    edit(bob_client, strategy, interval="10")
    assert strategy.due_at == START + 2 * DAY


def test_a_time_that_has_passed_by_it_becomes_now(bob_client, strategy):
    edit(bob_client, strategy, interval="7")
    assert strategy.due_at == START


def test_without_an_interval_nothing_is_due(bob_client, strategy):
    edit(bob_client, strategy, repeat="button")
    assert (strategy.due_at, strategy.interval_s) == (None, None)


def test_a_paused_one_stays_paused(bob_client, strategy):
    strategy.paused_at, strategy.due_at = START, None
    edit(bob_client, strategy, interval="7")
    assert strategy.due_at is None
    assert strategy.interval_s == 7 * 86_400


def test_one_that_failed_is_tried_anew(bob_client, session, strategy):
    turned.failed(session, strategy, "not_permitted", at=START - DAY)
    strategy.due_at = START + 30 * DAY
    edit(bob_client, strategy, iam_path="/other/")
    assert strategy.due_at == START + 22 * DAY


def test_one_that_never_worked_is_tried_at_once_when_its_time_has_passed(bob_client, session, keyring, payments, aws):
    aws.add_user("mail-relay")
    made = turned.strategy(session, keyring, payments, "mail-relay", due_in=25 * DAY)
    turned.failed(session, made, "no_such_user", at=START - DAY)
    edit(bob_client, made, iam_username="mail-relay", path="/mail-relay")
    assert made.due_at == START


def test_what_changed_is_recorded(bob_client, session, strategy):
    edit(
        bob_client,
        strategy,
        interval="60",
        retire_when="deadline",
        existing_key="AKIAEXAMPLEOLDKEY001",
        save_anyway="y",
    )
    (entry,) = session.query(AuditEntry).filter_by(action=Action.STRATEGY_CHANGE.value)
    assert (entry.actor, entry.thing, entry.strategy_id) == ("bob", "billing-api", strategy.id)
    assert entry.detail == {
        "interval_s": "2592000 to 5184000",
        "retire_when": "quiet to deadline",
        "existing_key": "none to AKIAEXAMPLEOLDKEY001",
    }


class TestUser:
    def test_with_keys_it_stays(self, bob_client, strategy):
        response = edit(bob_client, strategy, iam_username="mail-relay")
        assert response.status_code == 422
        assert "belong to billing-api" in error_at(response, "iam_username")
        assert strategy.user_name == "billing-api"

    def test_what_the_check_found_isnt_blamed_once_it_is_accepted(self, bob_client, strategy, aws):
        aws.fail_next("identify", "aws_unreachable")
        response = edit(bob_client, strategy, iam_username="mail-relay", save_anyway="y")
        assert "belong to billing-api" in error_at(response, "iam_username")
        assert "The check failed" not in response.text

    @pytest.mark.parametrize("state", [KeyState.PENDING, KeyState.LOST, KeyState.RETIRING])
    def test_with_a_key_that_may_be_there_as_well(self, bob_client, session, keyring, payments, aws, state):
        made = turned.strategy(session, keyring, payments, "billing-api")
        turned.key(session, made, None, state)
        assert edit(bob_client, made, iam_username="mail-relay").status_code == 422

    def test_without_keys_it_may_change(self, bob_client, session, keyring, payments, aws):
        made = turned.strategy(session, keyring, payments, "billing-api")
        deleted = turned.key(session, made, None, KeyState.ACTIVE)
        turned.deleted(session, deleted)
        edit(bob_client, made, iam_username="mail-relay")
        assert (made.user_name, made.target) == ("mail-relay", f"{ACCOUNT}/mail-relay")

    def test_not_to_one_that_another_strategy_turns(self, bob_client, session, keyring, payments, aws):
        turned.strategy(session, keyring, payments, "mail-relay")
        made = turned.strategy(session, keyring, payments, "billing-api")
        response = edit(bob_client, made, iam_username="mail-relay")
        assert "already" in error_at(response, "iam_username")
        assert made.user_name == "billing-api"


class TestManager:
    def test_another_connection(self, bob_client, session, keyring, payments, strategy):
        other = turned.connection(session, keyring, payments, "other-manager")
        edit(bob_client, strategy, connection=other.id)
        assert strategy.connection_id == other.id

    def test_a_new_manager_key_makes_a_connection(self, bob_client, strategy):
        edit(
            bob_client,
            strategy,
            manager="new",
            manager_access_key="AKIAEXAMPLEMANAGER99",
            manager_secret_key=SECRET_KEY,
        )
        assert strategy.connection.name == "keyturn-manager"
        assert strategy.connection.access_key_id == "AKIAEXAMPLEMANAGER99"

    def test_of_another_account_while_there_are_keys(self, bob_client, session, keyring, payments, strategy):
        strategy.set_target("billing-api", "999988887777")
        response = edit(bob_client, strategy)
        assert "of account 111122223333" in error_at(response, "connection")

    def test_the_message_stands_where_the_manager_was_chosen(self, bob_client, session, strategy):
        strategy.set_target("billing-api", "999988887777")
        response = edit(
            bob_client,
            strategy,
            manager="new",
            manager_access_key="AKIAEXAMPLEMANAGER99",
            manager_secret_key=SECRET_KEY,
        )
        assert "of account 111122223333" in error_at(response, "manager_access_key")


class TestOutputs:
    def test_other_secrets_get_the_pair_that_programs_read(self, bob_client, session, key, payments, strategy):
        old = (strategy.access_key_secret, strategy.secret_key_secret)
        for secret, value in zip(old, (b"AKIAEXAMPLE000000001", b"the current secret"), strict=True):
            write_secret(session, key, secret, value, now=START, author="rotation", reason="rotation 1")
        first, second = place_pair(session, key, payments, path="/moved")
        edit(bob_client, strategy, path="/moved", access_key_secret=str(first.id), secret_key_secret=str(second.id))
        assert (strategy.access_key_secret_id, strategy.secret_key_secret_id) == (first.id, second.id)
        values = current_values(session, key, [first.id, second.id])
        assert values == {first.id: b"AKIAEXAMPLE000000001", second.id: b"the current secret"}

    def test_new_secrets_get_it_too(self, bob_client, session, key, strategy):
        write_secret(
            session,
            key,
            strategy.access_key_secret,
            b"AKIAEXAMPLE000000001",
            now=START,
            author="x",
            reason="rotation 1",
        )
        edit(bob_client, strategy, path="/moved", access_key_secret="new", secret_key_secret="new")
        values = current_values(session, key, [strategy.access_key_secret_id])
        assert values == {strategy.access_key_secret_id: b"AKIAEXAMPLE000000001"}
        assert strategy.access_key_secret.place == "production:/moved"

    def test_one_may_take_the_others_place(self, bob_client, strategy):
        second = strategy.secret_key_secret_id
        edit(bob_client, strategy, access_key_secret=str(second), secret_key_secret="new", secret_key_name="OTHER")
        assert strategy.access_key_secret_id == second
        assert strategy.secret_key_secret.name == "OTHER"

    def test_the_two_may_change_places(self, bob_client, session, key, strategy):
        first, second = strategy.access_key_secret, strategy.secret_key_secret
        write_secret(session, key, first, b"AKIAEXAMPLE000000001", now=START, author="x", reason="rotation 1")
        edit(bob_client, strategy, access_key_secret=str(second.id), secret_key_secret=str(first.id))
        assert current_values(session, key, [first.id, second.id]) == {
            first.id: b"placeholder",
            second.id: b"AKIAEXAMPLE000000001",
        }

    def test_before_the_first_rotation_placeholders_stay_placeholders(
        self, bob_client, session, key, keyring, payments, aws
    ):
        made = turned.strategy(session, keyring, payments, "billing-api")
        edit(bob_client, made, path="/moved", access_key_secret="new", secret_key_secret="new", access_key_value="x")
        assert current_values(session, key, [made.access_key_secret_id]) == {made.access_key_secret_id: b"x"}

    def test_not_those_of_another_strategy(self, bob_client, session, keyring, payments, strategy):
        other = turned.strategy(session, keyring, payments, "mail-relay")
        response = edit(
            bob_client, strategy, path="/mail-relay", access_key_secret=str(other.access_key_secret_id),
            secret_key_secret=str(other.secret_key_secret_id),
        )  # fmt: skip
        assert "no other strategy writes" in error_at(response, "access_key_secret")


def test_a_failed_check_comes_back_and_can_be_saved_all_the_same(bob_client, aws, strategy):
    aws.fail_next("identify", "manager_key_unknown")
    response = edit(bob_client, strategy, grace="2")
    assert response.status_code == 422
    assert "AWS refuses" in error_at(response, "connection")
    assert strategy.grace_s == 86_400
    aws.fail_next("identify", "manager_key_unknown")
    edit(bob_client, strategy, grace="2", save_anyway="y")
    assert strategy.grace_s == 2 * 3600
    assert strategy.account_id == ACCOUNT


def test_a_key_that_was_taken_over_and_deleted_since_is_no_failure(bob_client, session, strategy):
    gone = turned.key(session, strategy, None, KeyState.RETIRING, "AKIAEXAMPLEOLDKEY001")
    turned.deleted(session, gone)
    strategy.existing_key_id = "AKIAEXAMPLEOLDKEY001"
    assert edit(bob_client, strategy, existing_key="AKIAEXAMPLEOLDKEY001", grace="2").status_code == 303
    assert strategy.grace_s == 2 * 3600


def test_one_that_is_being_deleted_is_not_edited(bob_client, strategy):
    strategy.deleting_at = START
    assert bob_client.get(f"{page_of(strategy)}/edit").status_code == 404
    assert edit(bob_client, strategy, grace="2").status_code == 404


def test_a_rotation_publishes_at_the_same_moment(bob_client, session, key, payments, strategy, monkeypatch):
    def stale(*_args, **_named):
        raise StaleSecretError("AWS_ACCESS_KEY")

    monkeypatch.setattr("rotation.outputs.writing.write_secret", stale)
    response = edit(bob_client, strategy, path="/moved", access_key_secret="new", secret_key_secret="new")
    assert "Save again" in error_at(response, "access_key_secret")
    assert strategy.access_key_secret.path == "/billing-api"


def test_deleted_while_aws_was_asked(bob_client, aws, session, strategy):
    def delete(when, method):
        if (when, method) == ("after", "identify") and session.get(RotationStrategy, strategy_id) is not None:
            session.delete(session.get(RotationStrategy, strategy_id))
            session.commit()

    strategy_id, form = strategy.id, form_of(strategy)
    address = f"{page_of(strategy)}/edit"
    aws.watch(delete)
    assert bob_client.post(address, data=form).status_code == 404


@pytest.mark.parametrize("path", ["/edit", "/edit/check", "/edit/preview"])
class TestAccess:
    def test_a_stranger_finds_nothing(self, charlie_client, strategy, path):
        assert charlie_client.post(f"{page_of(strategy)}{path}", data=form_of(strategy)).status_code == 404

    def test_by_way_of_another_project(self, charlie_client, strategy, path):
        address = f"{page_of(strategy)}{path}".replace("payments", "data-platform")
        assert charlie_client.post(address, data=form_of(strategy)).status_code == 404

    def test_an_unknown_number(self, bob_client, strategy, path):
        for number in ("0", "77", "9" * 30):
            address = f"/projects/payments/strategies/{number}{path}"
            assert bob_client.post(address, data=form_of(strategy)).status_code == 404

    def test_wrong_method(self, bob_client, strategy, path):
        assert bob_client.put(f"{page_of(strategy)}{path}").status_code == 405


def test_a_stranger_does_not_see_the_form(charlie_client, strategy):
    assert charlie_client.get(f"{page_of(strategy)}/edit").status_code == 404


def test_the_number_of_statements_does_not_grow(bob_client, session, keyring, payments, key, count_statements):
    turned.strategy(session, keyring, payments, "billing-api")
    place_pair(session, key, payments, path="/few")

    def statements():
        with count_statements() as counted:
            bob_client.get(NEW)
        return counted()

    bob_client.get(NEW)
    few = statements()
    for number in range(20):
        place_pair(session, key, payments, path=f"/more/{number}")
        turned.connection(session, keyring, payments, f"manager-{number}")
    assert statements() == few
