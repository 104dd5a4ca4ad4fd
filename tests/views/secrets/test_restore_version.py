"""The versions of a secret, and bringing an earlier one back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.secret import write_secret
from tests import turned
from tests.fake_clock import START


@pytest.fixture
def changed(vault, secret, session):
    """TOKEN with two versions."""
    write_secret(session, vault.key, secret, b"second value", now=START, author="alice", reason="edited")
    session.commit()
    return secret


def url(secret, what="restore"):
    return f"/projects/payments/secret/{secret.id}/{what}"


@pytest.mark.parametrize("htmx", [True, False])
def test_shows_who_when_and_why(bob_client, changed, htmx):
    page = " ".join(bob_client.get(url(changed, "versions"), htmx=htmx).text.split())
    assert "by alice, edited" in page
    assert "by alice, created" in page
    assert "Bring back version 1" in page
    assert "Bring back version 2" not in page
    assert "value" not in page.replace("first value", "VALUE").replace("second value", "VALUE").split("kt-versions")[1]


def test_a_page_at_a_time(bob_client, vault, secret, session):
    for _ in range(60):
        write_secret(session, vault.key, secret, b"x", now=START, author="bob", reason="edited")
    page = bob_client.get(url(secret, "versions")).text
    assert page.count('<span class="v">') == 50
    assert "versions?before=12" in page
    assert bob_client.get(url(secret, "versions?before=12")).text.count('<span class="v">') == 11
    for wrong in ("0", "-1", "62", "9" * 30):
        assert bob_client.get(url(secret, f"versions?before={wrong}")).status_code == 404


@pytest.mark.parametrize("htmx", [True, False])
def test_works(bob_client, vault, changed, htmx):
    assert "as version 3" in bob_client.get(url(changed) + "?version=1", htmx=htmx).text
    response = bob_client.post(url(changed), data={"version": "1", "seen": "2"}, htmx=htmx)
    assert response.status_code == (200 if htmx else 303)
    assert (changed.version, vault.value(changed)) == (3, b"first value")
    assert (changed.versions[0].author, changed.versions[0].reason) == ("bob", "version 1 brought back")
    (entry,) = vault.entries("secret.restore")
    assert entry.detail == {"version": 3, "from_version": 1}
    if htmx:
        assert f'hx-swap-oob="true" class="kt-row kt-secret" id="secret-{changed.id}"' in response.text


def test_somebody_elses_change_in_between_is_told(bob_client, vault, changed):
    response = bob_client.post(url(changed), data={"version": "1", "seen": "1"})
    assert response.status_code == 422
    assert "Somebody else changed this secret" in response.text
    assert 'name="seen" value="2"' in response.text
    assert vault.value(changed) == b"second value"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"version": "7", "seen": "2"}, 404), ({"version": "x", "seen": "2"}, 404), ({"version": "1"}, 400),
        ({"version": "1", "seen": "x"}, 400), ({"version": "2", "seen": "2"}, 400), ({"seen": "2"}, 400), ({}, 400),
    ],
)  # fmt: skip
def test_bad_input(bob_client, vault, changed, fields, status):
    assert bob_client.post(url(changed), data=fields).status_code == status
    assert vault.value(changed) == b"second value"


def test_a_strategys_versions_tell_of_their_keys(bob_client, vault, billing, session):
    written = billing.access_key_secret
    rotation = turned.succeeded(session, billing, at=START - timedelta(days=8), key_id="AKIAEXAMPLE2T7Q4FVKD")
    write_secret(
        session, vault.key, written, b"x", now=START, author="schedule", reason=f"rotation {rotation.id}",
        rotation_id=rotation.id,
    )  # fmt: skip
    write_secret(session, vault.key, written, b"y", now=START, author="bob", reason="edited")
    page = bob_client.get(url(written, "versions")).text
    assert f'<a href="/projects/payments/rotations/{rotation.id}">rotation {rotation.id}</a>' in page
    assert "AKIA…FVKD" in page
    assert "Current key" in page
    assert "Bring back" not in page


@pytest.mark.parametrize("htmx", [True, False])
def test_a_strategys_secret_isnt_brought_back(bob_client, vault, billing, session, htmx):
    written = billing.access_key_secret
    write_secret(session, vault.key, written, b"x", now=START, author="bob", reason="edited")
    for response in (
        bob_client.get(url(written) + "?version=1", htmx=htmx),
        bob_client.post(url(written), data={"version": "1", "seen": "2"}, htmx=htmx),
    ):
        assert f'href="/projects/payments/strategies/{billing.id}"' in response.text
        assert "Bring it back" not in response.text
    assert vault.value(written) == b"x"


def test_a_stranger(charlie_client, vault, changed):
    assert charlie_client.post(url(changed), data={"version": "1", "seen": "2"}).status_code == 404
    for what in ("restore?version=1", "versions"):
        assert charlie_client.get(url(changed, what)).status_code == 404
    assert vault.value(changed) == b"second value"


def test_wrong_method(bob_client, changed):
    assert bob_client.post(url(changed, "versions")).status_code == 405
