"""Editing a secret in its row."""

from __future__ import annotations

import pytest

from models.secret import write_secret
from tests.fake_clock import START


def url(secret, what="edit"):
    return f"/projects/payments/secret/{secret.id}/{what}"


def edit(client, secret, htmx=False, **fields):
    shown = {"name": secret.name, "value": "", "comment": secret.comment}
    seen = {"seen_version": secret.version, "seen_name": secret.name, "seen_comment": secret.comment}
    return client.post(url(secret), data={**shown, **seen, **fields}, htmx=htmx)


def test_works(bob_client, vault, secret):
    response = edit(bob_client, secret, value="hush", comment="why", name="KEY")
    assert (response.status_code, response.location) == (
        303,
        f"/projects/payments/secrets/production/api#secret-{secret.id}",
    )
    assert (secret.name, secret.comment, secret.version, vault.value(secret)) == ("KEY", "why", 2, b"hush")
    (entry,) = vault.entries("secret.change")
    assert entry.thing == "production:/api TOKEN"
    assert entry.detail == {"changed": ["value", "name", "comment"], "new_name": "KEY", "version": 2}


def test_works_in_the_row(bob_client, vault, secret):
    form = bob_client.get(url(secret), htmx=True).text
    assert form.lstrip().startswith(f'<tr class="kt-inline" id="secret-{secret.id}"')
    assert "first value" not in form
    response = edit(bob_client, secret, htmx=True, value="hush")
    assert response.status_code == 200
    assert response.text.lstrip().startswith(f'<tr class="kt-row kt-secret" id="secret-{secret.id}"')
    assert "hush" not in response.text
    assert 'data-label="Version"><a' in response.text
    assert "v2" in response.text


def test_form_as_a_page(bob_client, vault, secret):
    vault.add("OTHER")
    page = bob_client.get(url(secret)).text
    assert f'id="edit-{secret.id}-name"' in page
    assert "OTHER" in page


def test_cancel_brings_the_row_back(bob_client, secret):
    row = bob_client.get(url(secret, "row"), htmx=True).text
    assert row.lstrip().startswith(f'<tr class="kt-row kt-secret" id="secret-{secret.id}"')
    assert bob_client.get(url(secret, "row")).status_code == 303


def test_in_a_search_the_row_keeps_its_path(bob_client, secret):
    here = {"HX-Current-URL": "http://localhost/projects/payments/secrets/production?q=tok"}
    assert ">/api</a>" in bob_client.get(url(secret, "row"), htmx=True, headers=here).text
    assert ">/api</a>" not in bob_client.get(url(secret, "row"), htmx=True).text


def test_an_empty_value_field_keeps_the_value(bob_client, vault, secret):
    edit(bob_client, secret, comment="why")
    assert (secret.version, vault.value(secret)) == (1, b"first value")


def test_makes_it_empty_when_asked_to(bob_client, vault, secret):
    edit(bob_client, secret, make_empty="y")
    assert (secret.version, vault.value(secret)) == (2, b"")


def test_nothing_changed_is_no_entry(bob_client, vault, secret):
    assert edit(bob_client, secret).status_code == 303
    assert vault.entries("secret.change") == []


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "a b"}, "Use letters, digits and underscores"),
        ({"value": "x" * 65537}, "at most 64 KiB"),
        ({"value": "hush", "make_empty": "y"}, "Choose one of the two"),
        ({"comment": "a\tb"}, "one line of text"),
    ],
)
def test_bad_input_comes_back_without_its_value(bob_client, vault, secret, htmx, fields, told):
    response = edit(bob_client, secret, htmx, **fields)
    assert response.status_code == 422
    assert told in response.text
    assert "hush" not in response.text
    assert "x" * 100 not in response.text
    assert vault.value(secret) == b"first value"


@pytest.mark.parametrize("fields", [{"seen_version": ""}, {"seen_version": "x"}, {"seen_version": "9" * 30}])
def test_a_malformed_post_changes_nothing(bob_client, vault, secret, fields):
    assert edit(bob_client, secret, value="hush", **fields).status_code == 422
    assert bob_client.post(url(secret), data={}).status_code == 422
    assert vault.value(secret) == b"first value"


@pytest.mark.parametrize("htmx", [True, False])
def test_a_taken_name_is_told(bob_client, vault, secret, htmx):
    vault.add("OTHER")
    response = edit(bob_client, secret, htmx, name="OTHER")
    assert response.status_code == 422
    assert "There is a OTHER here already" in response.text
    assert secret.name == "TOKEN"


@pytest.mark.parametrize("htmx", [True, False])
def test_an_edit_of_an_older_version_is_told_then_put_over_it(bob_client, vault, secret, session, htmx):
    write_secret(session, vault.key, secret, b"theirs", now=START, author="alice", reason="edited")
    response = edit(bob_client, secret, htmx, value="mine", seen_version=1)
    assert response.status_code == 422
    assert "Somebody else changed this secret" in response.text
    assert "version 2 by alice" in response.text
    assert 'name="seen_version" type="hidden" value="2"' in response.text
    assert vault.value(secret) == b"theirs"
    edit(bob_client, secret, htmx, value="mine", seen_version=2)
    assert (secret.version, vault.value(secret)) == (3, b"mine")


def test_a_strategys_secret_takes_a_name_but_no_value(bob_client, vault, billing):
    written = billing.access_key_secret
    form = bob_client.get(url(written), htmx=True).text
    assert "<textarea" not in form
    assert f'href="/projects/payments/strategies/{billing.id}"' in form
    response = edit(bob_client, written, value="mine", htmx=True)
    assert response.status_code == 422
    assert vault.value(written) == b"placeholder"
    fields = {"name": "KEY_ID", "comment": "of billing"}
    seen = {"seen_version": 1, "seen_name": written.name, "seen_comment": ""}
    assert bob_client.post(url(written), data=fields | seen).status_code == 303
    assert (written.name, written.version) == ("KEY_ID", 1)


def test_wrong_method(bob_client, secret):
    assert bob_client.post(url(secret, "row")).status_code == 405
    assert bob_client.delete(url(secret)).status_code == 405


def test_a_stranger(charlie_client, vault, secret):
    assert edit(charlie_client, secret, value="mine").status_code == 404
    for what in ("edit", "row"):
        assert charlie_client.get(url(secret, what)).status_code == 404
    assert vault.value(secret) == b"first value"
