"""Moving one secret or several."""

from __future__ import annotations

import pytest

from models import Project

URL = "/projects/payments/move-secrets?environment=production&path=/api"


def move(client, *secrets, htmx=False, url=URL, **fields):
    to = {"to_environment": "staging", "to_path": "/billing", **fields}
    return client.post(url, data={"secret": [secret.id for secret in secrets], **to}, htmx=htmx)


def test_works(bob_client, vault, secret):
    other = vault.add("OTHER")
    assert "Move secrets of production:/api" in bob_client.get(URL).text
    response = move(bob_client, secret, other)
    assert (response.status_code, response.location) == (303, "/projects/payments/secrets/staging/billing")
    assert secret.place == other.place == "staging:/billing"
    assert vault.value(secret) == b"first value"
    assert [(entry.thing, entry.detail) for entry in vault.entries("secret.move")] == [
        ("production:/api TOKEN", {"to": "staging:/billing"}), ("production:/api OTHER", {"to": "staging:/billing"}),
    ]  # fmt: skip


def test_works_in_the_dialog(bob_client, vault, secret):
    form = bob_client.get(f"/projects/payments/secret/{secret.id}/move", htmx=True).text
    assert f'value="{secret.id}" checked' in form
    assert move(bob_client, secret, htmx=True).headers["HX-Redirect"] == "/projects/payments/secrets/staging/billing"
    assert secret.place == "staging:/billing"


def test_the_path_is_made_normal(bob_client, secret):
    move(bob_client, secret, to_path="deep//er/")
    assert secret.place == "staging:/deep/er"


def test_a_pair_moves_together(bob_client, billing):
    move(bob_client, billing.secret_key_secret)
    assert billing.access_key_secret.place == billing.secret_key_secret.place == "staging:/billing"


@pytest.mark.parametrize("htmx", [True, False])
def test_bad_input_comes_back_filled_in(bob_client, vault, billing, secret, htmx):
    response = move(bob_client, billing.access_key_secret, htmx=htmx, to_path="/a b")
    assert response.status_code == 422
    assert "Use letters, digits, dots" in response.text
    assert f'value="{billing.access_key_secret.id}" checked' in response.text
    assert 'value="/a b"' in response.text
    assert "AWS_SECRET_ACCESS_KEY moves along" in response.text
    assert billing.access_key_secret.place == "production:/api"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"secret": []}, "Choose at least one secret"),
        ({"secret": ["x"]}, "Invalid"),
        ({"to_environment": "nowhere"}, "Not a valid choice"),
        ({"to_environment": "production", "to_path": "/api"}, "They are there already"),
    ],
)
def test_bad_input(bob_client, vault, secret, fields, told):
    response = bob_client.post(URL, data={"secret": [secret.id], "to_environment": "staging", "to_path": "/", **fields})
    assert response.status_code == 422
    assert told in response.text
    assert secret.place == "production:/api"


def test_an_empty_post(bob_client, vault, secret):
    assert bob_client.post(URL).status_code == 422


def test_a_taken_name_is_told(bob_client, vault, secret):
    vault.add(environment="staging", path="/billing")
    response = move(bob_client, secret)
    assert response.status_code == 422
    assert "staging:/billing has a TOKEN already. Nothing was moved." in response.text
    assert secret.place == "production:/api"


def test_secrets_of_another_place_or_project_stay(bob_client, vault, charlie, session):
    other = vault.add("OTHER", path="/other")
    theirs = vault.add("THEIRS", project=session.query(Project).filter_by(name="data-platform").one())
    for each in (other, theirs):
        assert move(bob_client, each).status_code == 422
    assert (other.place, theirs.place) == ("production:/other", "production:/api")


def test_a_stranger(charlie_client, vault, secret):
    assert move(charlie_client, secret).status_code == 404
    assert charlie_client.get(URL).status_code == 404
    assert charlie_client.get(f"/projects/payments/secret/{secret.id}/move").status_code == 404
    assert secret.place == "production:/api"
