"""What a person sees, and the log keeps, when something can't be done."""

from __future__ import annotations

import logging

import pytest

from app import create_app
from config import Config

SECRET = "a value that no log may hold"


def test_an_unknown_page(bob_client, client):
    for browser in (bob_client, client):
        response = browser.get("/no-such-page")
        assert response.status_code == 404
        assert "There is nothing at this address, or you may not see it" in response.text


def test_a_wrong_method_says_which_are_right(bob_client):
    response = bob_client.get("/account/theme")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_htmx_gets_a_line_of_text(bob_client):
    response = bob_client.get("/no-such-page", htmx=True)
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.text.startswith("There is nothing at this address")


@pytest.fixture
def failing(tmp_path, caplog):
    """A browser of an app with a view that fails, holding a secret value."""
    app = create_app(Config(instance=tmp_path))

    @app.get("/fails/<value>")
    def fails(value):
        raise RuntimeError(value)

    fails.is_public = True
    caplog.set_level(logging.DEBUG)
    return app.test_client()


def test_an_unhandled_exception_is_logged_without_values(failing, caplog):
    response = failing.get(f"/fails/{SECRET}?q={SECRET}")
    assert response.status_code == 500
    assert SECRET not in response.text
    assert SECRET not in caplog.text
    (line,) = [record.getMessage() for record in caplog.records if record.name == "keyturn.web"]
    assert "builtins.RuntimeError at GET /fails/<value>" in line
    assert "test_errors.py" in line
    reference = line.split("reference ")[1].split()[0]
    assert f"<code>{reference}</code>" in response.text


def test_an_unhandled_exception_in_htmx(failing):
    response = failing.get("/fails/x", headers={"HX-Request": "true"})
    assert response.status_code == 500
    assert "Reference" in response.text
    assert "<" not in response.text


def test_a_page_from_before_the_sign_in_is_sent_again(bob_client, bob):
    data = {"email": "bob@work.example", "password": SECRET, "secret_key": SECRET, "csrf_token": "old"}
    headers = {"Sec-Fetch-Site": "same-origin"}
    response = bob_client.post("/account/settings?a=b", data=data, csrf=False, headers=headers)
    assert response.status_code == 400
    assert 'name="email" value="bob@work.example"' in response.text
    assert 'action="/account/settings?a=b"' in response.text
    assert SECRET not in response.text
    assert 'value="old"' not in response.text
    assert bob.email == "bob@example.com"


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {}])
def test_what_another_site_sent_is_not_offered_again(bob_client, headers):
    response = bob_client.post("/account/settings", data={"email": "x@evil.example"}, csrf=False, headers=headers)
    assert response.status_code == 400
    assert "evil.example" not in response.text
    assert "Send it again</button>" not in response.text


def test_a_page_from_before_the_sign_in_in_htmx(bob_client):
    response = bob_client.post("/account/settings", data={"email": "x"}, csrf=False, htmx=True)
    assert response.status_code == 400
    assert response.text.startswith("This page is from before your last sign-in.")


def test_who_is_signed_out_comes_back_to_the_page(client):
    assert client.get("/account?a=b").location == "/login?next=/account?a%3Db"
    posted = client.post("/account/theme", headers={"Referer": "http://localhost/people?q=1"})
    assert posted.location == "/login?next=/people?q%3D1"
    elsewhere = client.post("/account/theme", headers={"Referer": "http://evil.example/people"})
    assert elsewhere.location == "/login?next=/"


def test_who_is_signed_out_in_htmx_is_led_to_the_door(client):
    response = client.get("/account", htmx=True, headers={"HX-Current-URL": "http://localhost/people"})
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/login?next=/people"
