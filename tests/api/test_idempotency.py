"""A write with an idempotency key is done once, however often it is sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from models import Rotation, Secret, TokenWrite
from tests.api import programs
from tests.api.programs import call

NEW = {"name": "NAME", "value": "a value"}

PLANTED = "a planted value that must not be told"


def create(client, text, key="first", **changes):
    return call(client, "POST", "/secrets", text, json={**NEW, **changes}, Idempotency_Key=key)


def test_the_first_answer_comes_again(client, session, text):
    first, again = create(client, text), create(client, text)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json, again.headers["Location"]) == (first.json, first.headers["Location"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert session.query(Secret).filter_by(name="NAME").count() == 1


def test_another_key_is_another_request(client, text):
    assert create(client, text).status_code == 201
    assert create(client, text, key="second").json["code"] == "name-taken"


def test_of_another_token_too(client, session, billing, text):
    _, other = programs.everything(session, billing, name="other")
    assert create(client, text).status_code == 201
    assert create(client, other).json["code"] == "name-taken"


def test_an_answer_without_a_body(client, session, billing, add, text):
    secret = add("OLD")
    session.flush()
    number = secret.id
    answers = [call(client, "DELETE", f"/secrets/{number}", text, Idempotency_Key="k") for _ in range(2)]
    assert [(answer.status_code, answer.data) for answer in answers] == [(204, b""), (204, b"")]


def test_a_rotation(client, session, billing, text):
    address = f"/strategies/{billing.id}/rotations"
    first = call(client, "POST", address, text, Idempotency_Key="k")
    session.query(Rotation).update({"ended_at": billing.created_at, "state": "succeeded"})
    assert call(client, "POST", address, text, Idempotency_Key="k").json == first.json
    assert session.query(Rotation).count() == 1
    assert call(client, "POST", address, text).json["id"] != first.json["id"]


@pytest.mark.parametrize("changes", [{"value": "another"}, {"name": "OTHER"}])
def test_the_same_key_for_another_request(client, session, text, changes):
    create(client, text)
    response = create(client, text, **changes)
    assert (response.status_code, response.json["code"]) == (422, "key-reused")
    assert session.query(Secret).filter_by(name="OTHER").count() == 0


def test_one_that_is_being_done(client, session, text, clock):
    create(client, text)
    session.query(TokenWrite).update({"status": None})
    response = create(client, text)
    assert (response.status_code, response.json["code"], response.headers["Retry-After"]) == (409, "in-flight", "1")
    clock.advance(timedelta(minutes=1).total_seconds())
    assert create(client, text).json["code"] == "name-taken", "whoever began it is taken for dead"


def test_a_refusal_is_not_kept(client, session, add, text):
    add("NAME")
    assert create(client, text).json["code"] == "name-taken"
    session.query(Secret).filter_by(name="NAME").one()
    assert not session.query(TokenWrite).count()


def test_is_forgotten_after_a_day(client, session, text, clock):
    create(client, text)
    clock.advance(timedelta(days=1).total_seconds())
    assert create(client, text).json["code"] == "name-taken"
    assert not session.query(TokenWrite).count()


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_bad_input(client, session, text, key):
    response = create(client, text, key=key)
    assert (response.status_code, list(response.json["errors"])) == (422, ["Idempotency-Key"])
    assert not session.query(Secret).filter_by(name="NAME").count()


def test_holds_no_value(client, session, text):
    create(client, text, value=PLANTED)
    rows = str(session.execute(sql("SELECT * FROM token_writes")).all())
    assert PLANTED not in rows
    assert "NAME" in rows
