"""What rotation/copies/store.py asks of a store, for each kind, over HTTP and by AWS's SDK."""

from __future__ import annotations

import base64
import json
import logging
import traceback

import pytest

from rotation.asking import Way
from rotation.copies.kinds import KINDS
from rotation.copies.store import StoreError, Why
from tests.rotation.copies.stores.aws_worlds import AWS_WORLDS
from tests.rotation.copies.stores.store_worlds import STAND_INS

FOREIGN = {"FOREIGN": "by hand"}


@pytest.fixture
def made() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def _foreign(request: pytest.FixtureRequest) -> None:
    world = "http_world" if "http_world" in request.fixturenames else "store_world"
    if world in request.fixturenames:
        for name, value in FOREIGN.items():
            request.getfixturevalue(world).plant(name, value)


def renewed(values):
    return {name: value.replace("1", "2") for name, value in values.items()}


def failure(call, *arguments) -> StoreError:
    with pytest.raises(StoreError) as raised:
        call(*arguments)
    return raised.value


def attempt(call, *arguments) -> StoreError | None:
    try:
        call(*arguments)
    except StoreError as error:
        return error
    return None


def test_new_names_are_written_and_told_of(store_world, made):
    store_world.store().write(store_world.own, made.append)
    assert store_world.there() == FOREIGN | store_world.own
    assert made == (list(store_world.own) if store_world.tells_made else [])


def test_names_that_are_there_are_renewed(store_world, made):
    store_world.store().write(store_world.own, lambda _name: None)
    store_world.store().write(renewed(store_world.own), made.append)
    assert store_world.there() == FOREIGN | renewed(store_world.own)
    assert made == []


def test_the_same_values_again_change_nothing(store_world, made):
    for _ in range(2):
        store_world.store().write(store_world.own, made.append)
    assert store_world.there() == FOREIGN | store_world.own
    assert len(made) == (len(store_world.own) if store_world.tells_made else 0)


def test_no_values_change_nothing(store_world, made):
    store_world.store().write({}, made.append)
    assert (store_world.there(), made) == (FOREIGN, [])


def test_a_name_that_somebody_made_isnt_told_of(store_world, made):
    first, second = store_world.own
    store_world.plant(first, "by hand")
    store_world.store().write(store_world.own, made.append)
    assert store_world.there() == FOREIGN | store_world.own
    assert made == ([second] if store_world.tells_made else [])


def test_only_the_names_that_are_given_are_deleted(store_world):
    if not store_world.kind.can_delete:
        with pytest.raises(StoreError):
            store_world.store().delete(list(store_world.own))
        return
    store_world.store().write(store_world.own, lambda _name: None)
    first, second = store_world.own
    store_world.store().delete([first])
    assert store_world.there() == FOREIGN | {second: store_world.own[second]}
    store_world.store().delete([first, second])
    assert store_world.there() == FOREIGN, "one that is gone already is no error"
    store_world.store().delete([first, second])
    store_world.store(where="missing").delete([first, second])


def test_check_finds_the_place_and_changes_nothing(store_world):
    said = store_world.store().check()
    assert said.endswith(".")
    assert store_world.there() == FOREIGN


def test_a_credential_that_isnt_right_is_refused(store_world, made):
    store = store_world.store(who="stranger")
    assert failure(store.write, store_world.own, made.append).why == Why.REFUSED
    if store_world.kind.can_delete:
        assert failure(store.delete, store_world.own).why == Why.REFUSED
    if store_world.check_asks:
        assert failure(store.check).why == Why.REFUSED
    assert (store_world.there(), made) == (FOREIGN, [])


def test_a_credential_that_may_only_read_is_forbidden(store_world, made):
    store = store_world.store(who="weak")
    assert failure(store.write, store_world.own, made.append).why == Why.FORBIDDEN
    if store_world.kind.can_delete:
        store_world.store().write(store_world.own, lambda _name: None)
        assert failure(store.delete, store_world.own).why == Why.FORBIDDEN
        store_world.store().delete(store_world.own)
    assert (store_world.there(), made) == (FOREIGN, [])


def test_a_place_that_isnt_there_is_said(store_world, made):
    store = store_world.store(where="missing")
    if not store_world.has_places:
        store.write(store_world.own, made.append)
        assert store_world.there() == FOREIGN | store_world.own
        return
    assert failure(store.write, store_world.own, made.append).why == Why.NO_SUCH_PLACE
    assert made == []


@pytest.mark.parametrize(
    ("status", "headers", "why", "retry_after_s"),
    [
        (429, {"Retry-After": "17"}, Why.THROTTLED, 17),
        (
            429,
            {"Retry-After": "Wed, 01 Jan 2020 00:00:30 GMT", "Date": "Wed, 01 Jan 2020 00:00:00 GMT"},
            Why.THROTTLED,
            30,
        ),
        (429, {}, Why.THROTTLED, None),
        (500, {}, Why.FAILED, None),
        (503, {"Retry-After": "5"}, Why.FAILED, 5),
        (301, {"Location": "https://elsewhere.example.com/"}, Why.NO_SUCH_PLACE, None),
    ],
)
def test_what_a_store_refuses_is_told_apart(store_world, made, status, headers, why, retry_after_s):
    store_world.says(status, b"<html>Sorry</html>", {"Content-Type": "text/html", **headers})
    error = failure(store_world.store().write, store_world.own, made.append)
    assert (error.why, error.retry_after_s) == (why, retry_after_s)
    assert str(status) in error.said
    assert (store_world.there(), made) == (FOREIGN, [])


def test_no_answer_is_unreachable(store_world, made):
    store_world.drops()
    assert failure(store_world.store().write, store_world.own, made.append).why == Why.UNREACHABLE
    assert (store_world.there(), made) == (FOREIGN, [])


def test_an_answer_that_breaks_off_is_no_answer(store_world, made):
    store_world.cuts()
    error = attempt(store_world.store().write, store_world.own, made.append)
    if error is not None:
        assert error.why in {Why.FAILED, Why.UNREACHABLE}
        store_world.store().write(store_world.own, made.append)
    assert store_world.there() == FOREIGN | store_world.own


def test_a_message_that_nests_deeply_is_cut(store_world, made):
    store_world.says(500, b'{"message":' + b"[" * 900 + b"]" * 900 + b"}")
    error = failure(store_world.store().write, store_world.own, made.append)
    assert error.why == Why.FAILED
    assert error.said == "…" or not store_world.tells_words


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 90_000, b""])
def test_nonsense_is_a_failure(store_world, made, body):
    if store_world.reads_answers:
        store_world.says(200, body)
        assert failure(store_world.store().write, store_world.own, made.append).why == Why.FAILED
    assert (store_world.there(), made) == (FOREIGN, [])


def test_a_private_address_needs_an_allowance(http_world, made):
    error = failure(http_world.store(way=Way()).write, http_world.own, made.append)
    assert error.why == Why.UNREACHABLE
    assert error.said == "127.0.0.1 is a private address, and no administrator has allowed it"
    assert made == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500])
def test_nothing_that_was_sent_is_told(store_world, made, caplog, status):
    caplog.set_level(logging.DEBUG)
    sent = [*store_world.own.values(), store_world.credential("keyturn")]
    echo = [
        *sent,
        *(json.dumps(value) for value in sent),
        *(base64.b64encode(value.encode()).decode() for value in sent),
    ]
    pieces = [value[3:-2] for value in sent]
    store_world.says(status, {"message": "\x1b[31m\nNo good: " + " and ".join([*pieces, *echo]) + "x" * 500})
    error = attempt(store_world.store().write, store_world.own, made.append)
    if error is None:
        said = {404} if store_world.tells_words else {403, 404}
        assert status in said, "which some stores say of a name that isn't there yet, or that may not be read"
        return
    told = "\n".join([error.said, str(error), repr(error), caplog.text, *traceback.format_exception(error)])
    assert error.said.startswith("[31m No good: ") or not store_world.tells_words
    assert error.said.isprintable()
    assert len(error.said) <= 200
    for value in [*pieces, *echo]:
        assert value not in told


def test_what_was_made_before_a_failure_is_told(store_world, made):
    first = next(iter(store_world.own))
    done = {} if store_world.store().writes_whole else {first: store_world.own[first]}
    if done:
        store_world.fails_at_second_name()
    else:
        store_world.says(500)
    assert failure(store_world.store().write, store_world.own, made.append).why == Why.FAILED
    assert store_world.there() == FOREIGN | done
    assert made == (list(done) if store_world.tells_made else [])


def test_the_form_says_all_that_is_needed(store_world):
    kind = store_world.kind
    assert kind.about.endswith(".")
    assert kind.can_delete or not store_world.tells_made
    for setting in kind.settings:
        assert setting.label
        assert not setting.hint or setting.hint.endswith(".")
        assert not setting.choices or setting.default in dict(setting.choices)
    for name in store_world.own:
        assert kind.name_problem(name) is None
    assert kind.name_problem("") is not None


def test_every_kind_is_held_to_this():
    assert {world.kind_id for world in STAND_INS} | {world.kind.id for world in AWS_WORLDS.values()} == set(KINDS)
