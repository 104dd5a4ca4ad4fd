"""The banner, the project switch and the version."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app import create_app
from config import VERSION, Config
from views import fetch


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"practice": True, "aws_endpoint_url": "http://127.0.0.1:1"}, "Practice AWS."),
        ({"aws_endpoint_url": "https://cloud.example"}, "https://cloud.example"),
    ],
)
def test_says_when_aws_is_not_the_real_one(tmp_path, settings, words):
    client = create_app(Config(instance=tmp_path, **settings)).test_client()
    assert words in client.get("/no-such-page").text


def test_says_nothing_of_the_real_aws(bob_client):
    text = bob_client.get("/account").text
    assert "Practice AWS" not in text
    assert "AWS_ENDPOINT_URL" not in text


def test_offers_the_projects_that_one_may_enter(alice_client, bob_client, charlie, bob):
    assert 'href="/projects/data-platform/secrets"' not in bob_client.get("/account").text
    assert 'href="/projects/payments/secrets"' in bob_client.get("/account").text
    assert 'href="/projects/data-platform/secrets"' in alice_client.get("/account").text


def test_the_version_is_the_packages():
    package = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    assert package["project"]["version"] == VERSION


def test_nobody_sees_a_project_without_a_sign_in(app, payments):
    with app.test_request_context():
        assert fetch.my_projects() == []
