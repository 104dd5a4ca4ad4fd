"""A token asks what it may."""

from __future__ import annotations

from datetime import timedelta

from tests.api import programs
from tests.fake_clock import START


def ask(client, text, method="get"):
    return getattr(client, method)("/api/v1/token", headers={"Authorization": f"Bearer {text}"})


def test_shows_what_it_reaches(client, session, payments):
    _, text = programs.reader(session, payments, path="/billing", expires_at=START + timedelta(days=1))
    response = ask(client, text)
    assert response.json == {
        "name": "billing", "environment": "production", "path": "/billing", "subtree": True, "reads_secrets": True,
        "writes_secrets": False, "expires_at": f"{START + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
    assert text not in response.text


def test_one_that_may_nothing_may_ask_this(client, session, payments):
    token, text = programs.reader(session, payments)
    token.reads_secrets = False
    assert ask(client, text).json["reads_secrets"] is False


def test_who_may_not(client, session, payments):
    assert ask(client, "kt_none").status_code == 401
    _, text = programs.reader(session, payments, revoked_at=START)
    assert ask(client, text).status_code == 401
    _, text = programs.reader(session, payments, name="other")
    assert ask(client, text, "post").status_code == 405
