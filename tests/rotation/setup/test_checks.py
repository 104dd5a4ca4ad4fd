"""What a check finds, on the fake account: each permission there and missing, each kind of failure."""

from __future__ import annotations

import json

import pytest

from rotation.setup.checks import EXISTING, MANAGER, MOST_TARGETS, ROOM, USER, Outcome, Target, check, check_connection
from rotation.setup.policy import CREATE, DELETE, LAST_USE, LIST, UPDATE
from tests.fake_clock import FakeClock
from tests.fake_provider import ACCOUNT, FakeProvider

CHANGING = {"create_key", "delete_key"}


@pytest.fixture
def aws() -> FakeProvider:
    return FakeProvider(FakeClock(), users=("billing-api", "mail-relay"))


def outcomes(report):
    return {finding.asked: finding.outcome for finding in report.findings}


def test_a_manager_that_may_do_all(aws):
    report = check(aws, Target("billing-api"))

    assert outcomes(report) == {
        MANAGER: Outcome.OK,
        USER: Outcome.OK,
        DELETE: Outcome.OK,
        LAST_USE: Outcome.OK,
        CREATE: Outcome.UNTESTED,
        LIST: Outcome.OK,
        UPDATE: Outcome.OK,
    }
    assert not report.failed
    assert report.identity.account_id == ACCOUNT
    assert "without making a key" in report.find(CREATE).sentence


def test_nothing_is_changed(aws):
    key = aws.add_key("billing-api").access_key_id
    check(aws, Target("billing-api", named=key))
    check_connection(aws, [Target("billing-api", keys=(key,)), Target("mail-relay")])

    assert not CHANGING & {call.method for call in aws.calls}
    assert aws.keys_of("billing-api") == [key]


def test_the_smallest_policy_is_enough(aws):
    aws.deny("list_keys")

    report = check(aws, Target("billing-api"))

    assert not report.failed
    assert report.find(LIST).outcome is Outcome.UNTESTED
    assert "Optional" in report.find(LIST).note


@pytest.mark.parametrize("code", ["manager_key_unknown", "manager_secret_wrong", "throttled", "aws_unreachable"])
def test_a_manager_that_aws_does_not_take(aws, code):
    aws.fail_next("identify", code, key="AKIAEXAMPLEMANAGER01")

    report = check(aws, Target("billing-api"))

    assert report.identity is None
    assert report.find(MANAGER).code == code
    assert report.find(MANAGER).said
    assert [call.method for call in aws.calls] == ["identify"]
    assert report.findings[1].outcome is Outcome.UNTESTED


def test_no_such_user(aws):
    report = check(aws, Target("billing-apis"))

    assert report.find(USER).outcome is Outcome.FAILED
    assert "no IAM user billing-apis" in report.find(USER).sentence
    assert report.find(LAST_USE).outcome is Outcome.OK


def test_no_such_user_is_told_by_the_list_where_deleting_is_refused(aws):
    aws.deny("delete_key")

    assert check(aws, Target("billing-apis")).find(USER).code == "no_such_user"


def test_a_refused_delete_hides_whether_the_user_exists(aws):
    aws.deny("delete_key", "list_keys")

    report = check(aws, Target("billing-api"))

    assert report.find(USER).outcome is Outcome.UNTESTED
    assert report.find(DELETE).outcome is Outcome.FAILED
    assert "iam:DeleteAccessKey on billing-api" in report.find(DELETE).sentence
    assert report.find(DELETE).said == "AccessDenied"


def test_a_refused_delete_on_a_user_that_the_list_shows(aws):
    aws.deny("delete_key")

    assert check(aws, Target("billing-api")).find(USER).outcome is Outcome.OK


def test_last_use_refused_for_a_key_of_the_user(aws):
    aws.add_key("billing-api")
    aws.deny("last_use")

    assert check(aws, Target("billing-api")).find(LAST_USE).outcome is Outcome.FAILED


def test_last_use_refused_without_a_key_of_the_user_proves_nothing(aws):
    aws.deny("last_use")

    found = check(aws, Target("billing-api")).find(LAST_USE)

    assert found.outcome is Outcome.UNTESTED
    assert found.said == "AccessDenied"


def test_a_deleted_key_still_shows_that_last_use_is_allowed(aws):
    report = check(aws, Target("billing-api", keys=("AKIAEXAMPLEGONE00001",)))

    assert report.find(LAST_USE).outcome is Outcome.OK


def test_throttled_on_the_way_is_a_finding(aws):
    aws.fail_next("may_delete", "throttled")

    assert check(aws, Target("billing-api")).find(DELETE).code == "throttled"


class TestExistingKey:
    def test_of_the_user(self, aws):
        key = aws.add_key("billing-api").access_key_id
        assert check(aws, Target("billing-api", named=key)).find(EXISTING).outcome is Outcome.OK

    def test_of_the_user_without_the_list(self, aws):
        aws.deny("list_keys")
        key = aws.add_key("billing-api").access_key_id
        assert check(aws, Target("billing-api", named=key)).find(EXISTING).outcome is Outcome.OK

    def test_of_another_user(self, aws):
        key = aws.add_key("mail-relay").access_key_id
        found = check(aws, Target("billing-api", named=key)).find(EXISTING)
        assert found.outcome is Outcome.FAILED
        assert found.sentence == f"{key} is a key of mail-relay, not of billing-api"

    def test_unknown_to_aws(self, aws):
        found = check(aws, Target("billing-api", named="AKIAEXAMPLEGONE00001")).find(EXISTING)
        assert (found.outcome, found.code) == (Outcome.FAILED, "existing_key_not_targets")

    def test_of_another_user_in_the_placeholder_is_just_told(self, aws):
        key = aws.add_key("mail-relay").access_key_id
        report = check(aws, Target("billing-api", held=key))
        assert report.find(EXISTING).outcome is Outcome.UNTESTED
        assert "isn't taken over" in report.find(EXISTING).note

    def test_of_the_strategy_already_is_no_question(self, aws):
        key = aws.add_key("billing-api").access_key_id
        assert check(aws, Target("billing-api", keys=(key,), named=key)).find(EXISTING) is None

    def test_that_the_manager_may_not_ask_about(self, aws):
        key = aws.add_key("billing-api").access_key_id
        aws.deny("last_use", "list_keys")
        report = check(aws, Target("billing-api", named=key))
        assert report.find(EXISTING).outcome is Outcome.UNTESTED
        assert not report.failed


class TestRoom:
    def test_two_keys_of_others(self, aws):
        keys = [aws.add_key("billing-api").access_key_id for _ in range(2)]
        found = check(aws, Target("billing-api", named=keys[0])).find(ROOM)
        assert found.code == "two_keys"
        assert all(key in found.note for key in keys)

    def test_two_keys_of_the_strategy(self, aws):
        keys = tuple(aws.add_key("billing-api").access_key_id for _ in range(2))
        assert check(aws, Target("billing-api", keys=keys)).find(ROOM) is None

    def test_two_keys_that_are_both_taken_over(self, aws):
        keys = [aws.add_key("billing-api").access_key_id for _ in range(2)]
        report = check(aws, Target("billing-api", named=keys[1], held=keys[0]))
        assert not report.failed
        assert [finding.asked for finding in report.findings].count(EXISTING) == 2

    def test_not_told_without_the_list(self, aws):
        aws.add_key("billing-api")
        aws.add_key("billing-api")
        aws.deny("list_keys")
        assert check(aws, Target("billing-api")).find(ROOM) is None


def test_the_manager_as_its_own_target(aws):
    aws.add_user(aws.manager)

    assert check(aws, Target(aws.manager)).find(USER).sentence == f"{aws.manager} is the manager itself"


class TestConnection:
    def test_works_on_all(self, aws):
        report = check_connection(aws, [Target("billing-api"), Target("mail-relay")])
        assert not report.failed
        assert "billing-api, mail-relay" in report.find(DELETE).sentence

    def test_fails_on_one(self, aws):
        report = check_connection(aws, [Target("billing-api"), Target("gone")])
        assert [finding.code for finding in report.failed] == ["no_such_user"]
        assert "on billing-api" in report.find(DELETE).sentence

    def test_without_strategies(self, aws):
        report = check_connection(aws, [])
        assert outcomes(report) == {MANAGER: Outcome.OK, LAST_USE: Outcome.OK, CREATE: Outcome.UNTESTED}

    def test_asks_about_so_many_and_says_so(self, aws):
        names = [f"user-{number}" for number in range(MOST_TARGETS + 3)]
        for name in names:
            aws.add_user(name)
        report = check_connection(aws, [Target(name) for name in names])
        assert len(aws.calls_of("may_delete")) == MOST_TARGETS
        assert any("3 more users" in finding.sentence for finding in report.findings)

    def test_refused_key(self, aws):
        aws.fail_next("identify", "manager_key_unknown")
        report = check_connection(aws, [Target("billing-api")])
        assert report.identity is None
        assert aws.calls_of("may_delete") == []


def test_findings_go_into_the_database(aws):
    aws.fail_next("may_delete", "throttled")

    rows = check(aws, Target("billing-api")).rows()

    assert json.loads(json.dumps(rows))[2]["outcome"] == "failed"


def test_whether_keys_may_be_deactivated_is_found_out_without_changing_one():
    fake = FakeProvider(FakeClock(), users=("billing-api",))
    key = fake.add_key("billing-api")
    assert check(fake, Target("billing-api")).may_deactivate is True
    fake.deny("deactivate_key")
    report = check(fake, Target("billing-api"))
    assert report.may_deactivate is False
    assert not report.failed
    assert report.find(UPDATE).note.endswith("Without it an old key is deleted at once.")
    fake.fail_next("may_deactivate", "throttled")
    assert check(fake, Target("billing-api")).may_deactivate is None
    assert fake.keys[key.access_key_id].active
