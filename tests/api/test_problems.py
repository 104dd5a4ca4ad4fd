"""Whatever goes wrong, a program gets a problem with a stable code, and never a page for people."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from tests.api import programs
from tests.api.programs import call
from views.frame.security import BODY_LIMIT

PLANTED = "a planted value that must not be told"


def problem(response):
    assert response.content_type == "application/problem+json", response.text
    assert response.json["status"] == response.status_code
    assert response.json["title"]
    assert response.json["detail"]
    return response.status_code, response.json["code"]


@pytest.mark.parametrize(
    "address", ["/api/", "/api/v1", "/api/v2/secrets", "/v1/anything", "/v1/", "/api/v1/secrets/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_address_that_does_not_exist(client, text, address, method):
    response = client.open(address, method=method, headers={"Authorization": text}, csrf=False)
    assert problem(response) == (404, "no-such-address")
    assert problem(client.open(address, method=method, csrf=False)) == (401, "refused")


@pytest.mark.parametrize("method", ["PUT", "TRACE", "BREW"])
def test_a_method_that_does_not_exist(client, text, method):
    response = client.open("/api/v1/strategies", method=method, headers={"Authorization": text}, csrf=False)
    assert problem(response) == (405, "wrong-method")


def post(client, text, body, content_type="application/json"):
    headers = {"Authorization": text, "Content-Type": content_type}
    return client.post("/api/v1/secrets", data=body, headers=headers, csrf=False)


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe{", b"[" * 100_000, b"1" * 5000, b'{"name": "\xe9"}', b"nul"],
)  # fmt: skip
def test_a_body_that_is_not_json(client, text, body):
    assert problem(post(client, text, body)) == (400, "bad-json")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_kind(client, text, content_type):
    assert problem(post(client, text, b'{"name": "A", "value": ""}', content_type)) == (415, "not-json")


def test_a_body_that_is_too_large(client, text):
    body = b'{"name": "A", "value": "%s"}' % (b"x" * BODY_LIMIT)
    assert problem(post(client, text, body)) == (413, "too-large")


def test_another_host_name(client, text):
    response = client.get("/api/v1/strategies", headers={"Authorization": text, "Host": "evil.example"})
    assert problem(response) == (400, "bad-request")


def test_too_many_refusals(client, session, billing):
    _, text = programs.everything(session, billing, revoked_at=billing.created_at)
    for _ in range(60):
        assert problem(call(client, "GET", "/secrets", text)) == (401, "refused")
    response = call(client, "GET", "/secrets", text)
    assert problem(response) == (429, "too-many")
    assert response.headers["Retry-After"] == "60"


def test_the_database_cannot_be_used(client, text, monkeypatch):
    def fail(*_args, **_facts):
        raise OperationalError("", {}, Exception(PLANTED))

    monkeypatch.setattr("api.strategies.keys.read_page", fail)
    response = call(client, "GET", "/keys", text)
    assert problem(response) == (503, "database")
    assert response.headers["Retry-After"] == "10"
    assert PLANTED not in response.text


def test_a_failure_of_keyturns_own(app, client, text, monkeypatch):
    def fail(*_args, **_facts):
        raise RuntimeError(PLANTED)

    monkeypatch.setattr("api.strategies.keys.read_page", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    response = call(client, "GET", "/keys", text)
    assert problem(response) == (500, "failed")
    assert "Reference" in response.json["detail"]
    assert PLANTED not in response.text
