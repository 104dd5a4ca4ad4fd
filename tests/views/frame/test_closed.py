"""Closed by default: what stands round every page, whoever made it."""

from __future__ import annotations

import re

import pytest

from app import create_app
from config import Config
from views.frame.security import BODY_LIMIT

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
OPEN = {
    "/healthz",
    "/readyz",
    "/login",
    "/setup",
    "/setup/1",
    "/invite/1",
    "/reset/1",
    "/static/1",
    "/api/openapi.json",
}
"""What anybody may ask; all else wants a sign-in."""
PROGRAMS = ("/v1/", "/api/")
"""Where service tokens let in, and nothing else does."""


def rules(app, method):
    """The address of every view that takes `method`, with something in place of its variables."""
    for rule in app.url_map.iter_rules():
        if method in rule.methods:
            chosen = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
            address = re.sub(r"<[^>]+>", "1", chosen)
            yield address


def posts(app):
    """Where people's forms are sent."""
    return {address for address in rules(app, "POST") if not address.startswith(PROGRAMS)}


def test_every_page_but_the_door_wants_a_sign_in(app, client):
    seen = 0
    for address in {each for each in rules(app, "GET") if not each.startswith(PROGRAMS)} - OPEN:
        response = client.get(address)
        assert (response.status_code, response.location.split("?")[0]) == (302, "/login"), address
        seen += 1
    assert seen > 2


@pytest.mark.parametrize("who", ["client", "alice_client"])
def test_what_programs_ask_wants_a_token(request, app, who):
    """And no cookie helps."""
    browser = request.getfixturevalue(who)
    for method in ("GET", "POST", "PATCH", "DELETE"):
        asked = {address for address in rules(app, method) if address.startswith(PROGRAMS)} - OPEN
        assert asked
        for address in asked:
            answer = browser.open(address, method=method, csrf=False)
            assert (answer.status_code, answer.content_type) == (401, "application/problem+json"), address


def test_every_post_wants_its_token(app, alice_client):
    seen = 0
    for address in posts(app):
        assert alice_client.post(address, csrf=False).status_code == 400, address
        seen += 1
    assert seen > 10


def test_every_post_but_the_doors_wants_a_sign_in(app, client):
    for address in posts(app) - OPEN:
        assert client.post(address).location.startswith("/login"), address


@pytest.mark.parametrize("address", ["/login", "/account", "/no-such-page", "/static/app.js", "/people/nobody"])
def test_headers(alice_client, address):
    headers = alice_client.get(address).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "public, max-age=3600" if address.startswith("/static") else "no-store"


def test_a_static_file_with_a_version_is_kept_for_long(client):
    address = re.search(r'href="(/static/css/tokens.css[^"]+)"', client.get("/setup").text)[1]
    assert "immutable" in client.get(address).headers["Cache-Control"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:8000", "[::2]", "a]b", "a b"])
def test_a_host_name_that_is_not_ours_is_refused(client, host):
    response = client.get("/setup", headers={"Host": host})
    assert response.status_code == 400
    assert "evil.example" not in response.headers.get("Location", "")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_loopback_is_always_ours(client, host):
    assert client.get("/setup", headers={"Host": host}).status_code == 200


def test_configured_hosts_are_ours(tmp_path):
    app = create_app(Config(instance=tmp_path, url="https://keyturn.example.com", allowed_hosts=("kt.internal",)))
    client = app.test_client()
    assert client.get("/nowhere", headers={"Host": "keyturn.example.com"}).status_code == 404
    assert client.get("/nowhere", headers={"Host": "kt.internal"}).status_code == 404
    assert client.get("/nowhere", headers={"Host": "example.com"}).status_code == 400


def test_cookies_over_https(tmp_path):
    app = create_app(Config(instance=tmp_path, url="https://keyturn.example.com"))
    assert app.config["SESSION_COOKIE_SECURE"]
    assert app.config["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert app.config["KEYTURN_SESSION_COOKIE"].startswith("__Host-")
    response = app.test_client().get("/nowhere", headers={"Host": "keyturn.example.com"})
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


def test_two_installations_on_a_host_use_different_cookies(tmp_path):
    names = {create_app(Config(instance=tmp_path / name)).config["KEYTURN_SESSION_COOKIE"] for name in _made(tmp_path)}
    assert len(names) == 2


def _made(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        yield name


def test_a_proxy_is_believed_only_when_told_so(tmp_path):
    headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    for trusted in (True, False):
        app = create_app(Config(instance=tmp_path, trust_proxy=trusted))

        @app.get("/who")
        def who():
            from flask import request

            return f"{request.remote_addr} {request.scheme}"

        who.is_public = True
        answer = app.test_client().get("/who", headers=headers).text
        assert answer == ("192.0.2.7 https" if trusted else "127.0.0.1 http")


def test_a_body_that_is_too_big_is_refused(bob_client, bob):
    response = bob_client.post("/account/settings", data={"email": "x" * (BODY_LIMIT + 1), "time_zone": "UTC"})
    assert response.status_code == 413
    assert "That is too much at once" in response.text


def test_no_page_has_inline_script_or_style(alice_client, bob):
    for address in ("/account", "/people", "/people/bob", "/invitations/new", "/no-such-page"):
        text = alice_client.get(address).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text), address
