"""Parameter Store at practice AWS, over HTTP and with policies that count."""

from __future__ import annotations

import pytest

from rotation.aws.parameter_store import KIND
from rotation.copies.store import Means, StoreError, Why
from tests.rotation.copies.stores.aws_places import OTHER, VALUE, Place, parameters


@pytest.fixture
def place(practice) -> Place:
    return parameters(practice)


def held(place, name):
    return place.owner.get_parameter(Name=place.name(name), WithDecryption=True)["Parameter"]


def put(place, name, value, kind="SecureString"):
    place.owner.put_parameter(Name=place.name(name), Value=value, Type=kind)


def refusal(work, *arguments, **named):
    with pytest.raises(StoreError) as raised:
        work(*arguments, **named)
    return raised.value


def test_a_new_parameter_is_made_and_encrypted(place):
    place.write(TOKEN=VALUE)
    assert (held(place, "TOKEN")["Value"], held(place, "TOKEN")["Type"]) == (VALUE, "SecureString")
    assert place.made == [place.name("TOKEN")]


def test_a_parameter_that_is_there_gets_a_version_and_is_not_ours(place):
    put(place, "TOKEN", VALUE)
    place.write(TOKEN=OTHER)
    assert (held(place, "TOKEN")["Value"], held(place, "TOKEN")["Version"]) == (OTHER, 2)
    assert place.made == []


def test_the_same_again_writes_nothing(place):
    place.write(TOKEN=VALUE)
    place.calls()
    place.write(TOKEN=VALUE)
    assert place.calls() == ["GetParameter"]


def test_without_the_right_to_read_it_is_written_all_the_same(place):
    place.forbid("GetParameter")
    place.write(TOKEN=VALUE)
    place.write(TOKEN=OTHER)
    assert held(place, "TOKEN")["Value"] == OTHER
    assert place.made == [place.name("TOKEN")]


def test_a_lost_answer_still_tells_that_it_was_made(practice, place):
    practice.fail("drop", "PutParameter", when="late")
    place.write(TOKEN=VALUE)
    assert held(place, "TOKEN")["Version"] == 1
    assert place.made == [place.name("TOKEN")]


def test_a_parameter_in_plain_text_is_left_alone(place):
    put(place, "TOKEN", VALUE, "String")
    error = refusal(place.write, TOKEN=OTHER)
    assert error.why is Why.BAD_VALUE
    assert "is there already as a String" in error.said
    assert held(place, "TOKEN")["Value"] == VALUE


@pytest.mark.parametrize("value", ["", "ä" * 2049])
def test_what_nobody_may_write_is_refused_before_anything_is_written(place, value):
    error = refusal(place.write, FIRST=VALUE, SECOND=value)
    assert error.why is Why.BAD_VALUE
    assert place.name("SECOND") in error.said
    assert place.calls() == []


@pytest.mark.parametrize(("tier", "most"), [("Standard", 4096), ("Advanced", 8192), ("Intelligent-Tiering", 8192)])
def test_the_tier_decides_how_much_a_parameter_holds(place, tier, most):
    store = place.store(tier=tier)
    assert refusal(store.write, {place.name("TOKEN"): "x" * (most + 1)}, place.made.append).why is Why.BAD_VALUE
    place.kind.make(Means({"tier": tier}, access=place.access)).write({place.name("A"): VALUE}, place.made.append)
    filters = [{"Key": "Name", "Values": [place.name("A")]}]
    assert place.owner.describe_parameters(ParameterFilters=filters)["Parameters"][0]["Tier"] == tier


def test_the_chosen_key_encrypts(place):
    place.store(kms_key_id="alias/billing").write({place.name("TOKEN"): VALUE}, place.made.append)
    filters = [{"Key": "Name", "Values": [place.name("TOKEN")]}]
    assert place.owner.describe_parameters(ParameterFilters=filters)["Parameters"][0]["KeyId"] == "alias/billing"


def test_deleting_takes_any_number_and_only_those(place):
    names = [f"TOKEN_{number}" for number in range(12)]
    place.write(**dict.fromkeys(names, VALUE), KEPT=OTHER)
    place.calls()
    place.delete(*names, "NEVER_THERE")
    assert place.calls() == ["DeleteParameters"] * 2
    left = place.owner.get_parameters_by_path(Path=place.prefix)["Parameters"]
    assert [parameter["Name"] for parameter in left] == [place.name("KEPT")]


def test_deleting_needs_the_right_to(place):
    place.write(TOKEN=VALUE)
    place.forbid("DeleteParameters")
    error = refusal(place.delete, "TOKEN")
    assert error.why is Why.FORBIDDEN
    assert "ssm:DeleteParameters" in error.said


def test_a_check_says_who_signs_and_what_it_cannot_see(place):
    found = place.store().check()
    assert f"user/{place.user} signs in {place.aws.region}. It may read parameters." in found
    assert "shows at the first copy only" in found
    place.forbid("GetParameter")
    assert "may not read every parameter" in place.store().check()
    assert set(place.calls()) == {"GetParameter"}


@pytest.mark.parametrize("name", ["TOKEN", "/billing/api/AWS_ACCESS_KEY", "a.b-c_d", "/" + "/".join("abcdefghijklmno")])
def test_a_name_that_can_be(name):
    assert KIND.name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "with space", "a+b", "AWS_ACCESS_KEY", "/aws/x", "ssmtoken", "a/TOKEN", "/a/", "/a//b", "/a" * 16, "x" * 901],
)
def test_a_name_that_cannot_be(name):
    assert KIND.name_problem(name).endswith((".", "helps."))


def test_the_place_in_words():
    assert KIND.place({"region": "eu-west-1"}) == "Parameters in eu-west-1"
    assert KIND.place({"region": ""}) == "Parameters in the connection's region"
