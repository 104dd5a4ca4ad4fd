"""Secrets Manager at practice AWS, over HTTP and with policies that count."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from rotation.aws.secrets_manager import KIND, MOST_BYTES
from rotation.copies.store import StoreError, Why
from tests.rotation.copies.stores.aws_places import OTHER, VALUE, Place, each_secret, one_secret


@pytest.fixture
def each(practice) -> Place:
    return each_secret(practice)


@pytest.fixture
def one(practice) -> Place:
    return one_secret(practice)


def text_of(place, name):
    return place.owner.get_secret_value(SecretId=name)["SecretString"]


def entries(one):
    return json.loads(text_of(one, one.settings["secret_id"]))


def described(place, name):
    return place.owner.describe_secret(SecretId=name)


def make(one, text, **more):
    one.owner.create_secret(Name=one.settings["secret_id"], SecretString=text, **more)


def refusal(work, *arguments, **named):
    with pytest.raises(StoreError) as raised:
        work(*arguments, **named)
    return raised.value


# A secret for each name


def test_a_new_secret_is_made_and_carries_our_tag(each):
    each.write(TOKEN=VALUE)
    assert text_of(each, each.name("TOKEN")) == VALUE
    assert each.made == [each.name("TOKEN")]
    assert described(each, each.name("TOKEN"))["Tags"] == [{"Key": "keyturn", "Value": "made"}]


def test_a_secret_that_is_there_gets_a_version_and_is_not_ours(each):
    each.owner.create_secret(Name=each.name("TOKEN"), SecretString=VALUE)
    each.write(TOKEN=OTHER)
    assert text_of(each, each.name("TOKEN")) == OTHER
    assert each.made == []
    assert "Tags" not in described(each, each.name("TOKEN"))


def test_the_same_again_writes_nothing(each):
    each.write(TOKEN=VALUE)
    each.calls()
    each.write(TOKEN=VALUE)
    assert each.calls() == ["GetSecretValue"]


def test_without_the_right_to_read_it_is_written_all_the_same(each):
    each.forbid("GetSecretValue")
    each.write(TOKEN=VALUE)
    each.write(TOKEN=OTHER)
    assert text_of(each, each.name("TOKEN")) == OTHER
    assert each.made == [each.name("TOKEN")]


def test_a_secret_without_a_value_gets_one(each):
    each.owner.create_secret(Name=each.name("TOKEN"))
    each.write(TOKEN=VALUE)
    assert text_of(each, each.name("TOKEN")) == VALUE
    assert each.made == []


def test_a_lost_answer_makes_one_version_only(practice, each):
    practice.fail("drop", "CreateSecret", when="late")
    each.write(TOKEN=VALUE)
    assert each.made == [each.name("TOKEN")]
    practice.fail("drop", "PutSecretValue", when="late")
    each.write(TOKEN=OTHER)
    assert text_of(each, each.name("TOKEN")) == OTHER
    assert len(described(each, each.name("TOKEN"))["VersionIdsToStages"]) == 2


def test_a_deleted_secret_can_be_restored_for_a_week(each):
    each.write(TOKEN=VALUE, OTHER=OTHER)
    each.delete("TOKEN")
    ends_at = described(each, each.name("TOKEN"))["DeletedDate"]
    assert abs(ends_at - datetime.now(UTC) - timedelta(days=7)) < timedelta(minutes=5)
    assert text_of(each, each.name("OTHER")) == OTHER
    each.delete("TOKEN", "NEVER_THERE")


@pytest.mark.parametrize("may_read", [True, False])
def test_a_secret_that_is_scheduled_for_deletion_takes_no_value(each, may_read):
    each.write(TOKEN=VALUE)
    each.delete("TOKEN")
    if not may_read:
        each.forbid("GetSecretValue")
    error = refusal(each.write, TOKEN=OTHER)
    assert error.why is Why.BAD_VALUE
    assert "scheduled for deletion. Restore it in AWS" in error.said


@pytest.mark.parametrize("text", ["", "ä" * (MOST_BYTES // 2 + 1)])
def test_what_nobody_may_write_is_refused_before_anything_is_written(each, text):
    error = refusal(each.write, FIRST=VALUE, SECOND=text)
    assert error.why is Why.BAD_VALUE
    assert each.name("SECOND") in error.said
    assert each.calls() == []


def test_the_longest_value_is_taken(each):
    each.write(TOKEN="x" * MOST_BYTES)
    assert len(text_of(each, each.name("TOKEN"))) == MOST_BYTES


def test_making_one_needs_the_right_to_tag_it(each):
    each.forbid("TagResource")
    error = refusal(each.write, TOKEN=VALUE)
    assert error.why is Why.FORBIDDEN
    assert "secretsmanager:TagResource" in error.said


# One secret for all


def test_all_names_are_keys_of_one_new_secret(one):
    one.write(KEY=VALUE, SECRET=OTHER)
    assert entries(one) == {one.name("KEY"): VALUE, one.name("SECRET"): OTHER}
    assert one.made == [one.name("KEY"), one.name("SECRET")]
    assert one.calls() == ["GetSecretValue", "CreateSecret"]


def test_other_keys_stay_as_they_are(one):
    make(one, '{"port": 5432, "hosts": ["a", "é"], "' + one.name("KEY") + '": "old"}')
    one.write(KEY=VALUE, SECRET=OTHER)
    assert entries(one) == {"port": 5432, "hosts": ["a", "é"], one.name("KEY"): VALUE, one.name("SECRET"): OTHER}
    assert one.made == [one.name("SECRET")]


def test_the_same_values_again_write_nothing(one):
    one.write(KEY=VALUE, SECRET=OTHER)
    one.calls()
    one.write(SECRET=OTHER, KEY=VALUE)
    assert one.calls() == ["GetSecretValue"]


@pytest.mark.parametrize("text", ["not JSON", '["a list"]', '"a text"', ""])
def test_what_is_no_object_is_never_replaced(one, text):
    held = {"SecretString": text} if text else {"SecretBinary": b"binary"}
    one.owner.create_secret(Name=one.settings["secret_id"], **held)
    for work in (lambda: one.write(KEY=VALUE), lambda: one.delete("KEY"), lambda: one.store().check()):
        error = refusal(work)
        assert error.why is Why.BAD_VALUE
        assert "something else than a JSON object" in error.said
    assert set(one.calls()) == {"GetSecretValue"}


def test_without_the_right_to_read_nothing_is_written(one):
    one.forbid("GetSecretValue")
    error = refusal(one.write, KEY=VALUE)
    assert error.why is Why.FORBIDDEN
    assert "secretsmanager:GetSecretValue" in error.said


def test_one_without_a_value_gets_its_first(one):
    one.owner.create_secret(Name=one.settings["secret_id"])
    one.write(KEY=VALUE)
    assert entries(one) == {one.name("KEY"): VALUE}


def test_one_that_is_made_meanwhile_keeps_its_keys(one, monkeypatch):
    store = one.store()
    read = store._read

    def read_too_early():
        monkeypatch.setattr(store, "_read", read)
        make(one, '{"theirs": "1"}')

    monkeypatch.setattr(store, "_read", read_too_early)
    store.write({"KEY": VALUE}, one.made.append)
    assert entries(one) == {"theirs": "1", "KEY": VALUE}


def test_an_arn_is_never_made(one):
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:billing-a1b2c3"
    store = one.store(secret_id=arn)
    error = refusal(store.write, {"KEY": VALUE}, one.made.append)
    assert error.why is Why.NO_SUCH_PLACE
    assert refusal(store.check).why is Why.NO_SUCH_PLACE
    store.delete(["KEY"])


def test_deleting_takes_only_the_keys(one):
    make(one, '{"theirs": "1"}')
    one.write(KEY=VALUE, SECRET=OTHER)
    one.delete("KEY", "NEVER_THERE")
    assert entries(one) == {"theirs": "1", one.name("SECRET"): OTHER}
    one.delete("SECRET")
    assert entries(one) == {"theirs": "1"}


def test_with_its_last_key_goes_a_secret_that_we_made(one):
    one.write(KEY=VALUE, SECRET=OTHER)
    one.delete("KEY", "SECRET")
    assert "DeletedDate" in described(one, one.settings["secret_id"])
    one.delete("KEY", "SECRET")


@pytest.mark.parametrize("may_describe", [True, False])
def test_a_secret_that_we_did_not_make_stays_without_keys(one, may_describe):
    make(one, "{}", Tags=[{"Key": "keyturn", "Value": "no"}])
    one.write(KEY=VALUE)
    if not may_describe:
        one.forbid("DescribeSecret")
    one.delete("KEY")
    assert entries(one) == {}


def test_where_there_is_no_secret_there_is_nothing_to_delete(one):
    one.delete("KEY")
    assert one.calls() == ["GetSecretValue"]


# What a check tells


def test_a_check_says_who_signs_and_what_it_cannot_see(each, one):
    found = each.store().check()
    assert f"user/{each.user} signs in {each.aws.region}. It may read secrets." in found
    assert "shows at the first copy only" in found
    each.forbid("GetSecretValue")
    assert "may not read every secret" in each.store().check()
    assert f"There is no secret {one.settings['secret_id']} yet" in one.store().check()
    make(one, '{"theirs": "1"}')
    assert "which has 1 key." in one.store().check()
    one.forbid("GetSecretValue")
    assert refusal(one.store().check).why is Why.FORBIDDEN
    assert set(each.calls() + one.calls()) <= {"GetSecretValue"}


# The form


@pytest.mark.parametrize("name", ["TOKEN", "/billing/api/TOKEN", "a+b=c.d@e_f-g", "x" * 512])
def test_a_name_that_can_be(name):
    assert KIND.name_problem(name) is None


@pytest.mark.parametrize("name", ["", "with space", "tökén", "x" * 513, "billing-a1B2c3", "a:b"])
def test_a_name_that_cannot_be(name):
    assert KIND.name_problem(name).endswith(".")


def test_the_one_secret_has_to_be_named():
    assert KIND.problem({"form": "one", "secret_id": ""})[0] == "secret_id"
    assert KIND.problem({"form": "one", "secret_id": "billing"}) is None
    assert KIND.problem({"form": "each", "secret_id": ""}) is None


def test_the_place_in_words():
    assert KIND.place({"form": "one", "secret_id": "billing", "region": "eu-west-1"}) == "billing in eu-west-1"
    assert KIND.place({"form": "each", "secret_id": "", "region": ""}) == "Secrets in the connection's region"
