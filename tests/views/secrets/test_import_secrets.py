"""Adding several secrets from pasted `.env` text."""

from __future__ import annotations

import pytest

from models import Secret

URL = "/projects/payments/import-secrets"
PLACE = "?environment=production&path=/api"


def paste(client, text, htmx=False, what=""):
    return client.post(f"{URL}{what}{PLACE}", data={"text": text}, htmx=htmx)


def names(vault):
    return sorted(secret.name for secret in vault.session.query(Secret))


def test_works(bob_client, vault):
    response = paste(bob_client, "# of the api\r\nA=1\r\nexport B=' two\r\nlines '\r\nC=\r\n")
    assert (response.status_code, response.location) == (303, "/projects/payments/secrets/production/api")
    assert [vault.value(vault.find(name)) for name in "ABC"] == [b"1", b" two\nlines ", b""]
    assert [entry.thing for entry in vault.entries("secret.create")] == [f"production:/api {name}" for name in "ABC"]


def test_works_in_the_dialog(bob_client, vault):
    assert "<textarea" in bob_client.get(f"{URL}{PLACE}", htmx=True).text
    assert paste(bob_client, "A=1", htmx=True).headers["HX-Redirect"] == "/projects/payments/secrets/production/api"


@pytest.mark.parametrize("htmx", [True, False])
def test_nothing_is_added_when_a_line_is_wrong(bob_client, vault, secret, htmx):
    response = paste(bob_client, "A=hushed\nB\nTOKEN=x\nA=again", htmx)
    assert response.status_code == 422
    for told in (
        "3 lines can&#39;t be added, so none is.", "There is no = after the name.",
        "production:/api has a TOKEN already", "A is on line 1 already", "Line 3",
    ):  # fmt: skip
        assert told in response.text
    assert "hushed" not in response.text
    assert names(vault) == ["TOKEN"]
    assert response.headers.get("HX-Retarget") == ("#import-preview" if htmx else None)


@pytest.mark.parametrize("htmx", [True, False])
def test_preview_adds_nothing_and_shows_no_value(bob_client, vault, htmx):
    response = paste(bob_client, "A=hushed\nB=", htmx, "/preview")
    assert response.status_code == 200
    assert "2 secrets can be added" in response.text
    assert "6 bytes" in response.text
    assert "hushed" not in response.text
    assert names(vault) == []


def test_an_empty_text(bob_client, vault):
    assert "There is no NAME=value line" in paste(bob_client, "# nothing").text
    assert paste(bob_client, "", htmx=True, what="/preview").status_code == 200
    assert bob_client.post(f"{URL}{PLACE}").status_code == 422


def test_too_many(bob_client, vault):
    response = paste(bob_client, "\n".join(f"A{number}=" for number in range(1001)))
    assert response.status_code == 422
    assert "1,001 secrets. Add at most 1,000" in response.text


def test_too_much(bob_client, vault):
    assert paste(bob_client, "A=" + "x" * (1 << 20)).status_code == 413


def test_somebody_takes_a_name_meanwhile(bob_client, vault, secret, monkeypatch):
    monkeypatch.setattr("views.secrets.importing.refuse_taken", lambda *_: None)
    response = paste(bob_client, "A=1\nTOKEN=2")
    assert response.status_code == 422
    assert "production:/api has a TOKEN already" in response.text
    assert names(vault) == ["TOKEN"]


@pytest.mark.parametrize("what", ["", "/preview"])
def test_a_stranger(charlie_client, vault, what):
    assert paste(charlie_client, "A=1", what=what).status_code == 404
    assert charlie_client.get(f"{URL}{PLACE}").status_code == 404
    assert names(vault) == []
