"""What is peculiar to a request of one's own: the body is a template, and the headers are the credential."""

from __future__ import annotations

import json

import pytest

from practice.stores.http import Receiver
from rotation.copies.kinds import KINDS
from rotation.copies.store import Means, StoreError, Why
from tests.rotation.copies.stores.store_worlds import ANYWHERE, HttpWorld, stood_in

KIND = KINDS["http"]
VALUES = {"ID": "an id", "KEY": 'quote " backslash \\ line\nbreak </script> ${ID} é'}


@pytest.fixture
def world():
    with stood_in(HttpWorld) as world:
        yield world


def ignore(_name):
    pass


def sent(world, body, credential="", **settings):
    """The one request that a copy sends, whatever the answer."""
    world.says(204)
    filled = {"url": f"{world.server.url}/keys?tenant=7", "method": "POST", "body": body} | settings
    for setting in KIND.settings:
        assert setting.problem(filled[setting.name]) is None
    KIND.make(Means(filled, credential, ANYWHERE)).write(VALUES, ignore)
    (asked,) = world.server.asked
    return asked


def made_of(world, body):
    """A store that the form wouldn't let anybody make."""
    return KIND.make(Means(world.settings("here") | {"method": "POST", "body": body}, "", ANYWHERE))


@pytest.mark.parametrize(
    ("body", "filled"),
    [
        ('{"values": "${*}"}', {"values": VALUES}),
        ('"${*}"', VALUES),
        ('"${KEY}"', VALUES["KEY"]),
        (
            '["${ID}", {"deep": ["${KEY}"]}, 7, null, true, 1.5]',
            ["an id", {"deep": [VALUES["KEY"]]}, 7, None, True, 1.5],
        ),
        ('{"${ID}": "a ${ID} b ${ID}"}', {"${ID}": "a an id b an id"}),
        ("[" * 49 + '"${ID}"' + "]" * 49, json.loads("[" * 49 + '"an id"' + "]" * 49)),
        ('{"a": "$${ID} ${ID} $ID {ID} $", "b": "\\u0024{ID}"}', {"a": "${ID} an id $ID {ID} $", "b": "an id"}),
    ],
)
def test_the_body_is_filled_in_and_no_value_breaks_out(world, body, filled):
    assert json.loads(sent(world, body).body) == filled


def test_a_request_is_as_the_form_says(world):
    asked = sent(
        world,
        '"${*}"',
        "X-Api-Key: key of keyturn\r\n\r\ncontent-type:application/vnd.acme+json\nuser-agent: Acme",
        method="PUT",
    )
    assert (asked.method, asked.path, asked.query) == ("PUT", ("keys",), {"tenant": "7"})
    assert asked.headers["x-api-key"] == "key of keyturn"
    assert asked.headers["content-type"] == "application/vnd.acme+json"
    assert asked.headers["user-agent"] == "Acme"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_good_status_is_enough(world, status):
    world.says(status, b"whatever")
    world.store().write(VALUES, ignore)


@pytest.mark.parametrize(
    ("status", "why"),
    [(302, Why.NO_SUCH_PLACE), (400, Why.BAD_VALUE), (405, Why.NO_SUCH_PLACE), (409, Why.FAILED), (418, Why.FAILED)],
)
def test_what_a_receiver_says_is_told(world, status, why):
    world.says(status, b"Not like this\n", {"Content-Type": "text/plain"})
    with pytest.raises(StoreError) as raised:
        world.store().write(VALUES, ignore)
    assert (raised.value.why, raised.value.said) == (why, "Not like this")


def test_a_token_in_a_header_is_hidden_without_its_scheme(world):
    world.says(401, {"error": "token-of-keyturn is unknown"})
    with pytest.raises(StoreError) as raised:
        world.store().write(VALUES, ignore)
    assert raised.value.said == "… is unknown"


def test_check_connects_and_sends_nothing(world):
    place = f"{world.server.url}/keys"
    said = f"{place} can be reached. Nothing was sent, so the first copy shows whether it takes one."
    assert world.store().check() == said
    assert world.server.asked == []


def test_check_says_that_nobody_listens(world):
    with Receiver({}) as gone:
        store = world.store(url=f"{gone.url}/keys")
    with pytest.raises(StoreError, match="Connection refused") as raised:
        store.check()
    assert raised.value.why == Why.UNREACHABLE


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "This isn't JSON: line 1, column 1."),
        ('{"a": ${ID}}', "This isn't JSON: line 1, column 7."),
        ('{"a": NaN, "b": "${*}"}', "JSON has neither NaN nor Infinity."),
        ("[" * 4999, "The body nests too deeply."),
        ("[" * 50 + '"${*}"' + "]" * 50, "The body nests too deeply."),
        ('"' + "x" * 10_000 + '"', "The body has 10000 letters at most."),
        ('{"a": "all: ${*}"}', '"${*}" has to stand alone in its string: it becomes an object.'),
        ('{"a": "$${ID}"}', 'The body holds no value: write "${*}" for all of them, or "${NAME}" for one.'),
        ('{"${ID}": 1}', 'The body holds no value: write "${*}" for all of them, or "${NAME}" for one.'),
    ],
)
def test_a_body_that_cant_be_right_is_told(world, body, sentence):
    (setting,) = [setting for setting in KIND.settings if setting.name == "body"]
    assert setting.problem(body) == sentence
    with pytest.raises(StoreError) as raised:
        made_of(world, body).write(VALUES, ignore)
    assert (raised.value.why, raised.value.said) == (Why.BAD_VALUE, sentence)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('"${*}"', None),
        ('["${ID}", "${KEY}"]', None),
        ('["${*}", "${ID}"]', None),
        ('["${ID}"]', "The body doesn't hold ${KEY}, so that value would never be sent."),
        ('["${*}", "${NAME}"]', "The body asks for ${NAME}, which isn't one of the names: ID, KEY."),
    ],
)
def test_a_body_that_doesnt_fit_the_names_is_told(body, sentence):
    problem = KIND.names_problem({"body": body}, ["KEY", "ID"])
    assert problem == (None if sentence is None else ("body", sentence))


def test_a_name_that_the_copy_doesnt_hold_is_told_before_anything_is_sent(world):
    with pytest.raises(StoreError, match="The body asks for NAME, which this copy doesn't hold") as raised:
        made_of(world, '"${NAME}"').write(VALUES, ignore)
    assert raised.value.why == Why.BAD_VALUE
    assert world.server.asked == []


@pytest.mark.parametrize(
    ("headers", "number"),
    [
        ("no colon", 1),
        ("X-Fine: 1\nAuthorization:", 2),
        ("X-Fine: 1\n\nBad name: 1", 3),
        ("X-Fine: é", 1),
        ("X-Fine: a\tb", 1),
        ("Host: elsewhere.example.com", 1),
        ("transfer-encoding: chunked", 1),
    ],
)
def test_headers_that_cant_be_right_are_told_without_being_quoted(world, headers, number):
    problem = KIND.credential_problem(headers)
    assert f"ine {number} " in problem
    assert problem.endswith((".", "only."))
    assert headers.splitlines()[number - 1] not in problem


def test_no_headers_are_fine(world):
    assert KIND.credential_problem("") is None
    assert KIND.credential_problem("Authorization: Bearer a-token\n\nX-Api-Key: other\n") is None
    assert sent(world, '"${*}"').headers["content-type"] == "application/json"


@pytest.mark.parametrize("name", ["", "A B", "*", "A}", "A$", "é", "A\n", "A" * 201])
def test_names_that_no_placeholder_can_hold_are_told(name):
    assert KIND.name_problem(name) == "A name has letters, digits, _, . and -, 200 at most."


@pytest.mark.parametrize(
    "url", ["", "example.com", "http://example.com/keys", "https://a:b@example.com", "https://e.com/#x"]
)
def test_addresses_that_values_mustnt_be_sent_to_are_told(url):
    assert KIND.settings[0].problem(url).endswith(".")


def test_the_place_leaves_out_the_query():
    assert KIND.place({"url": "https://example.com/keys?token=abc"}) == "https://example.com/keys"
