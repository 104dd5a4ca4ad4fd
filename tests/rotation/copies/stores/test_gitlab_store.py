"""What is peculiar to GitLab: scopes, masking, and what GitLab's own API does to a variable of another scope."""

from __future__ import annotations

import pytest

from practice.stores.gitlab import Token, Variable
from practice.stores.server import Fault, Told
from rotation.copies.kinds import KINDS
from rotation.copies.store import StoreError, Why
from tests.rotation.copies.stores.store_worlds import TOKENS, GitLabGroupWorld, GitLabWorld, stood_in

KIND = KINDS["gitlab"]


@pytest.fixture(params=[GitLabWorld, GitLabGroupWorld])
def world(request):
    with stood_in(request.param) as world:
        yield world


@pytest.fixture
def group():
    with stood_in(GitLabGroupWorld) as world:
        yield world


def ignore(_name):
    pass


def methods(world):
    return [asked.method for asked in world.server.asked]


def test_a_variable_is_made_as_the_form_says(world):
    world.store(masked="on", protected="on", environment_scope="production").write({"KEY": "12345678"}, ignore)
    assert world.variables == [Variable("KEY", "12345678", "production", protected=True, masked=True, raw=True)]
    world.store(raw="", environment_scope="staging").write({"KEY": "1"}, ignore)
    assert world.variables[1] == Variable("KEY", "1", "staging")


def test_a_variable_that_is_there_becomes_as_the_form_says(world):
    world.variables.append(Variable("KEY", "before", variable_type="file", description="by hand"))
    world.store(masked="on").write({"KEY": "afterwards"}, ignore)
    assert world.variables == [
        Variable("KEY", "afterwards", masked=True, raw=True, variable_type="file", description="by hand")
    ]


def test_a_variable_that_is_as_it_should_be_isnt_written_again(world):
    for _ in range(2):
        world.store().write(world.own, ignore)
    assert methods(world) == ["GET", "POST"] * 2 + ["GET"] * 2
    world.store(protected="on").write(world.own, ignore)
    assert methods(world)[6:] == ["GET", "PUT"] * 2


def test_a_hidden_variable_is_written_each_time(world):
    world.variables.append(Variable("KEY", "same", raw=True, hidden=True))
    world.store().write({"KEY": "same"}, ignore)
    assert methods(world) == ["GET", "PUT"]


@pytest.mark.parametrize("knows_filter", [True, False])
def test_the_same_key_in_another_scope_is_never_touched(world, knows_filter):
    place = world.server.places[world.place]
    place.knows_filter = knows_filter
    others = [Variable("KEY", "by hand", "staging")]
    place.variables[:] = others
    store, made = world.store(environment_scope="production"), []
    store.delete(["KEY"])
    assert place.variables == others
    store.write({"KEY": "value"}, made.append)
    assert made == ["KEY"]
    assert place.variables == [*others, Variable("KEY", "value", "production", raw=True)]
    if knows_filter:
        store.write({"KEY": "next"}, made.append)
        store.delete(["KEY"])
        assert (place.variables, made) == (others, ["KEY"])
        return
    with pytest.raises(StoreError, match="multiple variables") as raised:
        store.delete(["KEY"])
    assert raised.value.why == Why.FAILED


def test_a_group_without_scopes_shows_no_value_everywhere(group):
    group.server.places[group.place].has_scopes = False
    made = []
    with pytest.raises(StoreError, match="has no environment scopes here, so KEY was taken back") as raised:
        group.store(environment_scope="production").write({"KEY": "value"}, made.append)
    assert raised.value.why == Why.BAD_VALUE
    assert (group.variables, made) == ([], ["KEY"])
    group.store().write({"KEY": "value"}, made.append)
    assert group.there() == {"KEY": "value"}


@pytest.mark.parametrize(
    ("value", "raw", "is_taken"),
    [
        ("12345678", "on", True),
        ("with$igns!", "on", True),
        ("with$igns!", "", False),
        ("plain/+=@:.~-_", "", True),
        ("1234567", "on", False),
        ("two words", "on", False),
        ("two\nlines", "on", False),
    ],
)
def test_what_cant_be_masked_is_told_before_anything_is_sent(world, value, raw, is_taken):
    store = world.store(masked="on", raw=raw)
    if is_taken:
        store.write({"FIRST": "12345678", "KEY": value}, ignore)
        assert world.there()["KEY"] == value
        return
    with pytest.raises(StoreError, match="that of KEY isn't one: switch Masked off") as raised:
        store.write({"FIRST": "12345678", "KEY": value}, ignore)
    assert raised.value.why == Why.BAD_VALUE
    assert value not in str(raised.value)
    assert world.server.asked == []


def test_limits_are_told(world):
    with pytest.raises(StoreError, match="GitLab takes 10000 letters") as raised:
        world.store().write({"LONG": "x" * 10_001}, ignore)
    assert raised.value.why == Why.BAD_VALUE
    world.store().write({"LONG": "x" * 10_000}, ignore)
    world.server.places[world.place].most = 1
    with pytest.raises(StoreError, match=r"full: base: Maximum number of \w+ ci variables \(1\) exceeded") as raised:
        world.store().write({"ANOTHER": "another-value"}, ignore)
    assert raised.value.why == Why.FULL


def test_what_gitlab_says_of_a_field_is_told(world):
    with pytest.raises(StoreError, match="is too long") as raised:
        world.store().write({"LONG": "é" * 9_000}, ignore)
    assert raised.value.why == Why.BAD_VALUE


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (Token(("read_api",)), Why.FORBIDDEN),
        (Token(("read_user",)), Why.FORBIDDEN),
        (Token(role="developer"), Why.FORBIDDEN),
        (Token(("api", "read_api")), None),
    ],
)
def test_check_finds_what_the_token_may(world, token, why):
    world.server.tokens[TOKENS["keyturn"]] = token
    if why is None:
        assert world.store().check().startswith("GitLab takes the token, and its role may write the variables of ")
        return
    with pytest.raises(StoreError) as raised:
        world.store().check()
    assert raised.value.why == why


def test_check_tells_a_missing_project_from_a_missing_variable(world):
    with pytest.raises(StoreError, match=r"404 (Project|Group) Not Found") as raised:
        world.store(where="missing").check()
    assert raised.value.why == Why.NO_SUCH_PLACE


@pytest.mark.parametrize(("status", "why"), [(404, None), (401, None), (500, Why.FAILED)])
def test_check_goes_without_the_scopes_where_gitlab_doesnt_tell_them(world, status, why):
    world.server.spoil(Fault("instead", lambda _asked: Told(status, {}), after=1))
    if why is None:
        assert "takes the token" in world.store().check()
        return
    with pytest.raises(StoreError) as raised:
        world.store().check()
    assert raised.value.why == why


@pytest.mark.parametrize("name", ["", "A-B", "A.B", "A B", "Ä", "A\n", "A" * 256])
def test_names_that_gitlab_doesnt_take_are_told(name):
    assert KIND.name_problem(name).startswith("GitLab takes ")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("base_url", "gitlab.com"),
        ("path", ""),
        ("path", "/acme/shop"),
        ("path", "https://gitlab.com/acme/shop"),
        ("path", "acme/../shop"),
        ("environment_scope", ""),
        ("environment_scope", "a&b"),
    ],
)
def test_what_cant_be_right_is_told_at_the_field(field, text):
    (setting,) = [setting for setting in KIND.settings if setting.name == field]
    assert setting.problem(text).endswith(".")


def test_the_place_is_told_in_words():
    settings = {"owner": "project", "path": "acme/shop", "environment_scope": "*"}
    assert KIND.place(settings) == "acme/shop"
    assert KIND.place(settings | {"environment_scope": "production"}) == "acme/shop, environment production"
    assert KIND.place(settings | {"owner": "group", "path": "acme"}) == "group acme"
