"""The tile AWS IAM: fill in, Submit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Action, AuditEntry, Connection, RotationStrategy, Secret
from models.secret import create_secret, current_values
from tests import factories, turned
from tests.fake_clock import START
from tests.fake_provider import ACCOUNT
from tests.views.setup.filled import KEY_ID, NEW, SECRET_KEY, error_at, strategy_form, text_of, value_of


def place_pair(session, key, project, path="/billing", environment=2, first=b"placeholder"):
    """Two placeholder secrets."""
    made = [
        create_secret(
            session, key, environment=project.environments[environment], path=path, name=name, value=value, now=START,
            author="bob",
        )
        for name, value in (("AWS_ACCESS_KEY", first), ("AWS_SECRET_ACCESS_KEY", b"placeholder"))
    ]  # fmt: skip
    session.flush()
    return made


def nothing_saved(session):
    return not session.query(RotationStrategy).count() and not session.query(Connection).count()


class TestWorks:
    @pytest.fixture
    def response(self, bob_client, aws):
        return bob_client.post(NEW, data=strategy_form(iam_path="apps", existing_key=""))

    def test_goes_to_the_list(self, response, session):
        (strategy,) = session.query(RotationStrategy)
        assert (response.status_code, response.location) == (
            303,
            f"/projects/payments/strategies#strategy-{strategy.id}",
        )

    def test_saves_the_strategy(self, response, session, clock):
        (strategy,) = session.query(RotationStrategy)
        assert (strategy.user_name, strategy.user_path, strategy.account_id) == ("billing-api", "/apps/", ACCOUNT)
        assert strategy.target == f"{ACCOUNT}/billing-api"
        assert (strategy.interval_s, strategy.grace_s, strategy.quiet_s) == (30 * 86_400, 86_400, 86_400)
        assert strategy.due_at == clock.now() + timedelta(days=30)
        assert strategy.created_by == "bob"

    def test_makes_the_connection(self, response, session, key):
        (connection,) = session.query(Connection)
        assert (connection.name, connection.region) == ("keyturn-manager", "eu-west-1")
        assert (connection.access_key_id, connection.open_secret(key)) == (KEY_ID, SECRET_KEY)
        assert (connection.account_id, connection.manager) == (ACCOUNT, "user/keyturn-manager")
        assert connection.key_by == "bob"
        assert connection.checked_at == START

    def test_makes_the_secrets(self, response, session, key):
        (strategy,) = session.query(RotationStrategy)
        pair = (strategy.access_key_secret, strategy.secret_key_secret)
        assert [(secret.place, secret.name) for secret in pair] == [
            ("production:/billing", "AWS_ACCESS_KEY"),
            ("production:/billing", "AWS_SECRET_ACCESS_KEY"),
        ]
        assert set(current_values(session, key, [secret.id for secret in pair]).values()) == {b""}

    def test_records_what_was_made(self, response, session):
        found = session.query(AuditEntry).order_by(AuditEntry.id).all()
        assert [entry.action for entry in found] == [
            Action.CONNECTION_CREATE.value,
            Action.SECRET_CREATE.value,
            Action.SECRET_CREATE.value,
            Action.STRATEGY_CREATE.value,
        ]
        assert {entry.actor for entry in found} == {"bob"}
        assert SECRET_KEY not in "".join(f"{entry.thing}{entry.detail}" for entry in found)

    def test_asks_aws_with_the_managers_key(self, response, aws):
        assert aws.asked == [(KEY_ID, SECRET_KEY, "eu-west-1")]
        assert not {"create_key", "delete_key"} & {call.method for call in aws.calls}


def test_htmx_goes_to_the_list_too(bob_client, aws, session):
    response = bob_client.post(NEW, data=strategy_form(), htmx=True)
    (strategy,) = session.query(RotationStrategy)
    assert response.headers["HX-Redirect"] == f"/projects/payments/strategies#strategy-{strategy.id}"


def test_secrets_are_made_with_the_given_values_byte_for_byte(bob_client, aws, session, key):
    bob_client.post(NEW, data=strategy_form(access_key_value=" ключ ", secret_key_value="a b\t"))
    (strategy,) = session.query(RotationStrategy)
    values = current_values(session, key, [strategy.access_key_secret_id, strategy.secret_key_secret_id])
    assert values[strategy.access_key_secret_id] == " ключ ".encode()
    assert values[strategy.secret_key_secret_id] == b"a b\t"
    made = session.query(AuditEntry).filter_by(action=Action.SECRET_CREATE.value)
    assert {entry.secret_id for entry in made} == set(values)


def test_maps_onto_existing_secrets(bob_client, aws, session, key, payments):
    first, second = place_pair(session, key, payments)
    bob_client.post(NEW, data=strategy_form(access_key_secret=str(first.id), secret_key_secret=str(second.id)))
    (strategy,) = session.query(RotationStrategy)
    assert (strategy.access_key_secret_id, strategy.secret_key_secret_id) == (first.id, second.id)
    assert session.query(Secret).count() == 2
    assert current_values(session, key, [first.id]) == {first.id: b"placeholder"}


def test_uses_a_stored_connection(bob_client, aws, session, keyring, payments):
    stored = turned.connection(session, keyring, payments)
    bob_client.post(NEW, data=strategy_form(manager="stored", connection=stored.id, manager_secret_key=""))
    (strategy,) = session.query(RotationStrategy)
    assert strategy.connection_id == stored.id
    assert session.query(Connection).count() == 1
    assert aws.asked[0][0] == stored.access_key_id


def test_by_button_only(bob_client, aws, session):
    bob_client.post(NEW, data=strategy_form(repeat="button", interval="nonsense"))
    (strategy,) = session.query(RotationStrategy)
    assert (strategy.interval_s, strategy.due_at) == (None, None)


def test_names_the_connection_as_asked(bob_client, aws, session):
    bob_client.post(NEW, data=strategy_form(connection_name="cdn-manager"))
    assert [connection.name for connection in session.query(Connection)] == ["cdn-manager"]


def test_numbers_the_connection_where_the_managers_name_is_taken(bob_client, aws, session, keyring, payments):
    turned.connection(session, keyring, payments, "keyturn-manager")
    bob_client.post(NEW, data=strategy_form())
    assert sorted(one.name for one in session.query(Connection)) == ["keyturn-manager", "keyturn-manager-2"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("manager_access_key", "", "access key ID"),
        ("manager_access_key", "akiaexamplemanager00", "access key ID"),
        ("manager_access_key", "ASIAEXAMPLEMANAGER00", "temporary"),
        ("manager_secret_key", "", "Enter the secret key"),
        ("manager_secret_key", "two words of a secret", "no spaces"),
        ("manager_region", "", "eu-west-1"),
        ("manager_region", "Ireland", "eu-west-1"),
        ("connection_name", "Prod Manager", "lower-case"),
        ("iam_username", "", "1 to 64"),
        ("iam_username", "ci deployer", "without spaces"),
        ("iam_username", "apps/billing-api", "without its path"),
        ("iam_username", "x" * 65, "1 to 64"),
        ("iam_path", "/a b/", "IAM path"),
        ("existing_key", "AKIA-NOT-A-KEY", "access key ID"),
        ("existing_key", KEY_ID, "manager's own key"),
        ("path", "/bil ling", "slashes"),
        ("path", "/../x", "slashes"),
        ("access_key_secret", "77", "Choose a secret"),
        ("access_key_secret", "nonsense", "Choose a secret"),
        ("secret_key_secret", "9" * 30, "Choose a secret"),
        ("access_key_name", "", "AWS_ACCESS_KEY"),
        ("access_key_name", "1KEY", "digit"),
        ("secret_key_name", "AWS_ACCESS_KEY", "another name"),
        ("access_key_value", "x" * 65_537, "64 KiB"),
        ("interval", "", "whole number"),
        ("interval", "0", "whole number"),
        ("interval", "-3", "whole number"),
        ("interval", "1.5", "whole number"),
        ("interval", "9999999", "10 years"),
        ("interval", "1", "The shortest interval is 3 days"),
        ("grace", "soon", "whole number"),
        ("quiet", "4", "4 hours 15 minutes"),
    ],
)
def test_bad_input_is_refused_at_its_field(bob_client, aws, session, field, value, said):
    sent = strategy_form(**{field: value})
    response = bob_client.post(NEW, data=sent)
    assert response.status_code == 422
    assert said in error_at(response, field)
    assert nothing_saved(session)
    assert not aws.calls
    kept = {"iam_username", "manager_access_key", "manager_region", "interval", "grace"} - {field}
    assert {name: value_of(response, name) for name in kept} == {name: sent[name] for name in kept}
    assert SECRET_KEY not in response.text


def test_the_shortest_interval_is_told_in_the_chosen_unit(bob_client, aws):
    response = bob_client.post(NEW, data=strategy_form(interval="24", interval_unit="hours"))
    assert "2 days 1 minute" in error_at(response, "interval")
    assert "The shortest interval is 49 hours" in error_at(response, "interval")
    assert bob_client.post(NEW, data=strategy_form(interval="49", interval_unit="hours")).status_code == 303


@pytest.mark.parametrize("field", ["manager", "environment", "repeat", "interval_unit", "retire_when", "grace_unit"])
def test_a_choice_that_is_none_is_refused(bob_client, aws, session, field):
    assert bob_client.post(NEW, data=strategy_form(**{field: "nonsense"})).status_code == 422
    assert nothing_saved(session)


def test_an_empty_post_is_refused(bob_client, aws):
    assert bob_client.post(NEW, data={}).status_code == 422


def test_after_any_error_the_secret_has_to_be_typed_again_and_the_page_says_so(bob_client, aws):
    response = bob_client.post(NEW, data=strategy_form(iam_username="", secret_key_value="another-secret-value"))
    assert "Enter it again" in error_at(response, "manager_secret_key")
    assert "Enter it again" in error_at(response, "secret_key_value")
    assert "another-secret-value" not in response.text


def test_two_outputs_onto_one_secret(bob_client, aws, session, key, payments):
    first, _ = place_pair(session, key, payments)
    response = bob_client.post(
        NEW, data=strategy_form(access_key_secret=str(first.id), secret_key_secret=str(first.id))
    )
    assert "another secret" in error_at(response, "secret_key_secret")


def test_a_secret_of_another_path_is_none_of_this_one(bob_client, aws, session, key, payments):
    elsewhere, _ = place_pair(session, key, payments, path="/elsewhere")
    response = bob_client.post(NEW, data=strategy_form(access_key_secret=str(elsewhere.id)))
    assert "Choose a secret" in error_at(response, "access_key_secret")


def test_a_name_that_is_there_already(bob_client, aws, session, key, payments):
    place_pair(session, key, payments)
    response = bob_client.post(NEW, data=strategy_form())
    assert "production:/billing already" in error_at(response, "access_key_name")
    assert not session.query(RotationStrategy).count()


def test_another_projects_things_are_unknown(bob_client, aws, session, keyring, theirs):
    connection = turned.connection(session, keyring, theirs, "their-manager")
    (secret, _) = place_pair(session, theirs.sealing_key(keyring), theirs)
    response = bob_client.post(NEW, data=strategy_form(manager="stored", connection=connection.id))
    assert response.status_code == 422
    assert "their-manager" not in response.text
    response = bob_client.post(NEW, data=strategy_form(access_key_secret=str(secret.id)))
    assert "Choose a secret" in error_at(response, "access_key_secret")
    assert not session.query(RotationStrategy).count()


class TestConflicts:
    def test_the_same_target_in_the_same_project(self, bob_client, aws, session, keyring, payments):
        turned.strategy(session, keyring, payments, "billing-api")
        response = bob_client.post(NEW, data=strategy_form(iam_username="billing-api"))
        assert "A strategy in the project payments turns the key of this user already" in error_at(
            response, "iam_username"
        )
        assert session.query(RotationStrategy).count() == 1
        assert session.query(Connection).count() == 1

    def test_the_same_target_in_a_project_that_one_may_not_enter(self, bob_client, aws, session, keyring, theirs):
        turned.strategy(session, keyring, theirs, "billing-api")
        response = bob_client.post(NEW, data=strategy_form(iam_username="billing-api"))
        assert "another project, which you may not enter" in error_at(response, "iam_username")
        assert theirs.name not in response.text

    def test_the_same_user_name_in_another_case(self, bob_client, aws, session, keyring, payments):
        turned.strategy(session, keyring, payments, "billing-api")
        aws.add_user("Billing-API")
        response = bob_client.post(NEW, data=strategy_form(iam_username="Billing-API"))
        assert "already" in error_at(response, "iam_username")

    def test_a_secret_that_another_strategy_writes_is_not_offered(self, bob_client, aws, session, keyring, payments):
        other = turned.strategy(session, keyring, payments, "mail-relay", path="/billing")
        response = bob_client.post(NEW, data=strategy_form(access_key_secret=str(other.access_key_secret_id)))
        assert "no other strategy writes" in error_at(response, "access_key_secret")

    def test_a_new_secret_of_the_name_of_one_that_is_written(self, bob_client, aws, session, keyring, payments):
        turned.strategy(session, keyring, payments, "mail-relay", path="/billing")
        response = bob_client.post(NEW, data=strategy_form())
        assert "The strategy of mail-relay writes AWS_ACCESS_KEY already" in error_at(response, "access_key_secret")

    def test_a_connections_name_that_is_taken(self, bob_client, aws, session, keyring, payments):
        turned.connection(session, keyring, payments)
        response = bob_client.post(NEW, data=strategy_form(connection_name="prod-manager"))
        assert "There is a connection prod-manager" in error_at(response, "connection_name")


class TestFailedCheck:
    @pytest.mark.parametrize(
        ("method", "code", "field", "said"),
        [
            ("identify", "manager_secret_wrong", "manager_secret_key", "doesn't match"),
            ("identify", "manager_key_unknown", "manager_access_key", "AWS refuses"),
            ("may_delete", "no_such_user", "iam_username", "no IAM user"),
        ],
    )
    def test_is_told_at_the_field(self, bob_client, aws, session, method, code, field, said):
        aws.fail_next(method, code)
        response = bob_client.post(NEW, data=strategy_form())
        assert response.status_code == 422
        assert said in error_at(response, field)
        assert "Save all the same" in response.text
        assert nothing_saved(session)
        assert SECRET_KEY not in response.text

    @pytest.mark.parametrize(
        ("method", "code", "said"),
        [
            ("identify", "aws_unreachable", "AWS doesn't answer"),
            ("identify", "throttled", "AWS throttles"),
            ("may_delete", "not_permitted", "The manager may not call iam:DeleteAccessKey on billing-api"),
        ],
    )
    def test_that_no_field_can_mend_is_told_on_top(self, bob_client, aws, session, method, code, said):
        aws.fail_next(method, code)
        response = bob_client.post(NEW, data=strategy_form(), htmx=True)
        assert response.status_code == 422
        assert said in text_of(response)
        assert nothing_saved(session)

    def test_an_existing_key_of_another_user(self, bob_client, aws, session):
        other = aws.add_key("mail-relay").access_key_id
        response = bob_client.post(NEW, data=strategy_form(existing_key=other))
        assert "is a key of mail-relay" in error_at(response, "existing_key")

    def test_can_be_saved_all_the_same(self, bob_client, aws, session):
        aws.fail_next("identify", "aws_unreachable")
        assert bob_client.post(NEW, data=strategy_form(save_anyway="y")).status_code == 303
        (strategy,) = session.query(RotationStrategy)
        assert (strategy.target, strategy.account_id) == (None, None)
        assert strategy.connection.name == "aws-manager"
        assert strategy.connection.check[0]["code"] == "aws_unreachable"

    def test_a_good_check_needs_no_such_tick(self, bob_client, aws):
        assert "Save all the same" not in bob_client.get(NEW).text


class TestPage:
    def test_finds_the_placeholders(self, bob_client, aws, session, key, payments):
        held = aws.add_key("billing-api").access_key_id
        first, second = place_pair(session, key, payments, path="/cdn", first=held.encode())
        page = bob_client.get(NEW)
        assert value_of(page, "path") == "/cdn"
        assert f'<option selected value="{first.id}">AWS_ACCESS_KEY</option>' in page.text
        assert f'<option selected value="{second.id}">AWS_SECRET_ACCESS_KEY</option>' in page.text
        assert f"Holds {held[:4]}…{held[-4:]} , found by itself" in text_of(page)

    def test_tells_the_rounds_of_the_connection_that_is_shown(self, bob_client, session, keyring, payments):
        turned.connection(session, keyring, payments).verify_rounds = 3
        assert "accepted it 3 times in a row" in text_of(bob_client.get(NEW))

    def test_does_not_ask_aws(self, bob_client, aws):
        assert bob_client.get(NEW).status_code == 200
        assert not aws.calls

    def test_of_an_empty_project(self, alice_client, session, keyring):
        factories.project(session, keyring, "empty")
        page = alice_client.get("/projects/empty/strategies/new/aws-iam")
        assert "Stored connection" not in page.text
        assert "Holds" not in page.text

    def test_of_a_project_without_environments(self, alice_client, session, keyring):
        made = factories.project(session, keyring, "empty")
        for environment in list(made.environments):
            session.delete(environment)
        assert alice_client.get("/projects/empty/strategies/new/aws-iam").status_code == 200

    def test_has_the_policy_in_both_sizes(self, bob_client):
        page = text_of(bob_client.get(NEW))
        assert page.count("iam:CreateAccessKey") == 3
        assert "iam:ListAccessKeys" in page


@pytest.mark.parametrize("path", ["", "/check", "/preview"])
@pytest.mark.usefixtures("payments")
class TestAccess:
    def test_a_stranger_finds_nothing(self, charlie_client, aws, path):
        response = charlie_client.post(f"{NEW}{path}", data=strategy_form())
        assert response.status_code == 404
        assert not aws.calls

    def test_nobody_signed_in(self, client, path):
        assert "/login" in client.post(f"{NEW}{path}", data=strategy_form()).location

    def test_without_a_token(self, bob_client, aws, path):
        assert bob_client.post(f"{NEW}{path}", data=strategy_form(), csrf=False).status_code == 400
        assert not aws.calls

    def test_wrong_method(self, bob_client, path):
        assert bob_client.delete(f"{NEW}{path}").status_code == 405
        if path:
            assert bob_client.get(f"{NEW}{path}").status_code == 405


def test_a_stranger_does_not_see_the_form(charlie_client, payments):
    assert charlie_client.get(NEW).status_code == 404
