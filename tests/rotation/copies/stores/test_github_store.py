"""What is peculiar to GitHub: sealed boxes, visibility, limits told as refusals, and two sorts of tokens."""

from __future__ import annotations

import time

import pytest

from practice.stores.github import Secret, Token
from practice.stores.server import Fault, Told
from rotation.asking import Way
from rotation.copies.kinds import KINDS
from rotation.copies.store import StoreError, Why
from tests.rotation.copies.stores.store_worlds import GitHubOrganizationWorld, GitHubWorld, stood_in

KIND = KINDS["github"]


@pytest.fixture
def world():
    with stood_in(GitHubWorld) as world:
        yield world


@pytest.fixture
def organization():
    with stood_in(GitHubOrganizationWorld) as world:
        yield world


def ignore(_name):
    pass


def test_values_leave_in_sealed_boxes_only(world):
    world.store().write(world.own, ignore)
    assert [asked.method for asked in world.server.asked] == ["GET", "PUT", "PUT"]
    for asked in world.server.asked:
        assert asked.headers["x-github-api-version"] == "2022-11-28"
        assert asked.headers["accept"] == "application/vnd.github+json"
        assert asked.headers["user-agent"] == "Keyturn-Copies/1"
        assert not [value for value in world.own.values() if value.encode() in asked.body]
    assert world.there() == world.own


def test_github_enterprise_is_asked_at_its_own_address(world):
    with pytest.raises(StoreError):
        world.store(base_url=f"{world.server.url}/api/v3/").check()
    assert world.server.asked[0].path[:5] == ("api", "v3", "repos", "acme", "shop")


@pytest.mark.parametrize("visibility", ["private", "all"])
def test_a_new_secret_of_an_organization_is_as_visible_as_was_chosen(organization, visibility):
    organization.store(visibility=visibility).write({"NEW": "1"}, ignore)
    assert organization.server.places["orgs/acme"].secrets["NEW"] == Secret("1", visibility)


@pytest.mark.parametrize(
    ("visibility", "selected"), [("private", []), ("selected", []), ("selected", list(range(1, 231)))]
)
def test_who_may_read_a_secret_that_is_there_stays_as_it_is(organization, visibility, selected):
    secrets = organization.server.places["orgs/acme"].secrets
    secrets["THERE"] = Secret("before", visibility, selected)
    organization.store(visibility="all").write({"THERE": "after"}, ignore)
    assert secrets["THERE"] == Secret("after", visibility, selected)


@pytest.mark.parametrize("repositories", [[{}], [1], 7, {"id": 1}, [{"id": "one"}], [{"id": None}]])
def test_a_list_of_repositories_that_isnt_one_is_a_failure(organization, repositories):
    organization.server.places["orgs/acme"].secrets["THERE"] = Secret("before", "selected", [1])
    organization.server.spoil(Fault("instead", lambda _asked: Told(200, {"repositories": repositories}), after=2))
    with pytest.raises(StoreError, match="The answer has no repositories") as raised:
        organization.store().write({"THERE": "after"}, ignore)
    assert raised.value.why == Why.FAILED


@pytest.mark.parametrize(
    ("status", "message", "headers", "why", "retry_after_s"),
    [
        (403, "API rate limit exceeded for user ID 7.", {"x-ratelimit-remaining": "0"}, Why.THROTTLED, None),
        (403, "You have exceeded a secondary rate limit.", {"Retry-After": "60"}, Why.THROTTLED, 60),
        (403, "You have exceeded a secondary rate limit.", {}, Why.THROTTLED, None),
        (403, "Repository was archived so is read-only.", {"x-ratelimit-remaining": "4998"}, Why.FORBIDDEN, None),
        (422, "Secrets limit exceeded.", {}, Why.FULL, None),
        (422, "Validation Failed", {}, Why.BAD_VALUE, None),
        (400, "The API version isn't supported.", {}, Why.FAILED, None),
    ],
)
def test_refusals_are_read_as_github_means_them(world, status, message, headers, why, retry_after_s):
    world.says(status, {"message": message}, headers)
    with pytest.raises(StoreError) as raised:
        world.store().write(world.own, ignore)
    assert (raised.value.why, raised.value.said, raised.value.retry_after_s) == (why, message, retry_after_s)


def test_a_limit_says_until_when(world):
    reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1577836830"}
    world.says(403, {"message": "API rate limit exceeded"}, {**reset, "Date": "Wed, 01 Jan 2020 00:00:00 GMT"})
    with pytest.raises(StoreError) as raised:
        world.store().check()
    assert raised.value.retry_after_s == 30
    world.says(403, {"message": "API rate limit exceeded"}, {**reset, "x-ratelimit-reset": str(int(time.time()) - 5)})
    with pytest.raises(StoreError) as raised:
        world.store().check()
    assert raised.value.retry_after_s == 0


@pytest.mark.parametrize(
    ("scopes", "is_enough"), [("repo, gist", True), ("public_repo", False), ("", False), (None, True)]
)
def test_the_scopes_of_a_classic_token_are_checked(world, scopes, is_enough):
    (token,) = [name for name, held in world.server.tokens.items() if "secrets:write" in held.permissions]
    world.server.tokens[token] = Token(world.server.tokens[token].permissions, scopes)
    if is_enough:
        assert "acme/shop" in world.store().check()
        return
    with pytest.raises(StoreError, match="The token lacks the scope repo") as raised:
        world.store().check()
    assert raised.value.why == Why.FORBIDDEN


@pytest.mark.parametrize(
    "values",
    [
        {"FINE": "1", "LONG": "x" * (48 * 1024 + 1)},
        {"FINE": "1", "LONG": "é" * (24 * 1024 + 1)},
        {"FINE": "1", "GITHUB_TOKEN": "1"},
        {"FINE": "1", "../x": "1"},
    ],
)
def test_what_github_wont_take_is_told_before_anything_is_sent(world, values):
    with pytest.raises(StoreError) as raised:
        world.store().write(values, ignore)
    assert raised.value.why == Why.BAD_VALUE
    assert world.server.asked == []


def test_the_longest_value_is_taken(world):
    world.store().write({"LONG": "x" * 48 * 1024}, ignore)
    assert world.there() == {"LONG": "x" * 48 * 1024}


@pytest.mark.parametrize("key", ["", "AAAA", "not base64 at all", "A" * 44, "A" * 43 + "="])
def test_a_key_that_isnt_one_is_a_failure(world, key):
    world.says(200, {"key_id": "1", "key": key})
    with pytest.raises(StoreError, match="The public key of the place isn't one") as raised:
        world.store().write(world.own, ignore)
    assert raised.value.why == Why.FAILED


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A.B", "GITHUB_X", "github_x", "Ä", "A B", "A\n"])
def test_names_that_github_doesnt_take_are_told(name):
    assert KIND.name_problem(name).startswith("GitHub ")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("base_url", ""),
        ("base_url", "api.github.com"),
        ("base_url", "http://api.github.com"),
        ("base_url", "https://alice@api.github.com"),
        ("base_url", "https://api.github.com/?x=1"),
        ("base_url", "https://api.github.com/#x"),
        ("base_url", "https://api.git hub.com"),
        ("base_url", "https://[::1"),
        ("base_url", "https://api.github.com:99999"),
        ("base_url", "https://"),
        ("base_url", "ftp://api.github.com"),
        ("owner", ""),
        ("owner", ".."),
        ("owner", "acme/shop"),
        ("repository", ".."),
        ("repository", "acme/shop"),
        ("environment", ".."),
        ("environment", "a\nb"),
    ],
)
def test_what_cant_be_right_is_told_at_the_field(field, text):
    (setting,) = [setting for setting in KIND.settings if setting.name == field]
    assert setting.problem(text).endswith(".")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:80", "http://localhost", "http://[::1]:1", "https://api.acme.ghe.com"]
)
def test_these_addresses_are_fine(url):
    assert KIND.settings[0].problem(url) is None


def test_each_scope_asks_for_what_it_needs():
    settings = {setting.name: setting.default for setting in KIND.settings} | {"owner": "acme"}
    assert KIND.problem(settings) == ("repository", "Say in which repository.")
    settings["repository"] = "shop"
    assert KIND.problem(settings) is None
    assert KIND.place(settings) == "acme/shop"
    settings["scope"] = "environment"
    assert KIND.problem(settings) == ("environment", "Say which environment of the repository.")
    settings["environment"] = "production"
    assert KIND.problem(settings) is None
    assert KIND.place(settings) == "acme/shop, environment production"
    settings |= {"scope": "organization", "repository": ""}
    assert KIND.problem(settings) is None
    assert KIND.place(settings) == "organisation acme"


@pytest.mark.parametrize("token", ["", "with space", "with\nline", "with-é"])
def test_a_token_that_cant_be_one_is_told_without_being_quoted(token):
    problem = KIND.credential_problem(token)
    assert (problem is None) == (token == "")
    assert not token or token not in problem


def test_an_address_that_nobody_has_allowed_gets_no_token(world):
    with pytest.raises(StoreError, match="private address"):
        world.store(way=Way()).check()
    assert world.server.asked == []
