"""Adding a secret."""

from __future__ import annotations

import pytest

URL = "/projects/payments/new-secret?environment=production&path=/api"


def add(client, htmx=False, url=URL, **fields):
    return client.post(url, data={"name": "TOKEN", "value": "hush", "comment": "", **fields}, htmx=htmx)


def test_works(bob_client, vault):
    response = add(bob_client, comment="  of the api ")
    secret = vault.find("TOKEN")
    assert (response.status_code, response.location) == (
        303,
        f"/projects/payments/secrets/production/api#secret-{secret.id}",
    )
    assert (secret.place, secret.comment, vault.value(secret)) == ("production:/api", "of the api", b"hush")
    (entry,) = vault.entries("secret.create")
    assert (entry.actor, entry.thing, entry.secret_id, entry.address) == (
        "bob", "production:/api TOKEN", secret.id, "127.0.0.1",
    )  # fmt: skip
    assert "hush" not in bob_client.get(response.location).text


def test_works_in_the_table(bob_client, vault):
    page = bob_client.get("/projects/payments/secrets/production/api").text
    assert f'hx-get="{URL.replace("&", "&amp;")}"' in page
    form = bob_client.get(URL, htmx=True, headers={"HX-Target": "secrets"}).text
    assert 'id="new-name"' in form
    response = add(bob_client, htmx=True)
    assert (response.status_code, response.headers["HX-Retarget"]) == (200, "#secrets")
    assert "TOKEN" in response.text
    assert "hush" not in response.text


def test_form_alone_where_there_is_a_table(bob_client, vault, secret):
    form = bob_client.get(URL, htmx=True, headers={"HX-Target": "new-secret"}).text
    assert form.lstrip().startswith("<tr")
    page = bob_client.get(URL).text
    assert 'id="new-name"' in page
    assert f'id="secret-{secret.id}"' in page


@pytest.mark.parametrize("value", ["", "  blanks at both ends ", "Grüße \N{KEY}", "\ttab", "x" * 65536, "\x00"])
def test_keeps_the_value(bob_client, vault, value):
    add(bob_client, value=value)
    assert vault.value(vault.find("TOKEN")) == value.encode()


@pytest.mark.parametrize(("choice", "kept"), [({}, b"one\ntwo\n"), ({"crlf": "y"}, b"one\r\ntwo\r\n")])
def test_keeps_the_chosen_line_breaks(bob_client, vault, choice, kept):
    add(bob_client, value="one\r\ntwo\r\n", **choice)
    assert vault.value(vault.find("TOKEN")) == kept


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "1ST"}, "not starting with a digit"),
        ({"name": ""}, "such as AWS_ACCESS_KEY"),
        ({"name": "A" * 129}, "at most 128"),
        ({"value": "x" * 65537}, "at most 64 KiB, this one 65 KiB"),
        ({"comment": "c" * 501}, "at most 500 characters"),
        ({"comment": "two\nlines"}, "one line of text"),
    ],
)
def test_bad_input_comes_back_without_its_value(bob_client, vault, htmx, fields, told):
    response = add(bob_client, htmx, **{"name": "KEPT", "comment": "kept too", "value": "hush hush", **fields})
    assert response.status_code == 422
    assert told in response.text
    assert "enter it again" in response.text
    assert ("KEPT" in response.text) == ("name" not in fields)
    assert "hush hush" not in response.text
    assert "x" * 100 not in response.text
    assert vault.entries() == []


@pytest.mark.parametrize("htmx", [True, False])
def test_a_duplicate_is_told(bob_client, vault, secret, htmx):
    response = add(bob_client, htmx)
    assert response.status_code == 422
    assert "There is a TOKEN here already" in response.text
    assert vault.value(secret) == b"first value"


def test_placeholders(bob_client, vault):
    response = bob_client.post("/projects/payments/placeholders?environment=production&path=/api")
    assert response.status_code == 303
    assert vault.value(vault.find("AWS_ACCESS_KEY")) == vault.value(vault.find("AWS_SECRET_ACCESS_KEY")) == b""
    page = bob_client.get("/projects/payments/secrets/production/api").text
    assert page.count("empty placeholder") == 2
    assert bob_client.post("/projects/payments/placeholders?environment=production&path=/api").status_code == 303
    assert len(vault.entries("secret.create")) == 2


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/projects/payments/new-secret?environment=nowhere&path=/", 404),
        ("/projects/payments/new-secret", 404),
        ("/projects/payments/new-secret?environment=production&path=/a b", 400),
        ("/projects/nothing/new-secret?environment=production&path=/", 404),
    ],
)
def test_no_such_place(bob_client, payments, url, status):
    assert add(bob_client, url=url).status_code == status
    assert bob_client.get(url).status_code == status


def test_an_empty_post_is_told(bob_client, vault):
    response = bob_client.post(URL, data={})
    assert response.status_code == 422
    assert "The value is missing" in response.text


def test_a_stranger(charlie_client, vault):
    assert add(charlie_client).status_code == 404
    assert vault.find("TOKEN") is None
