"""A program reads the secrets that its token reaches."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import HandedKey
from models.project import add_environment
from models.secret import write_secret
from tests import turned
from tests.api import programs
from tests.api.programs import read
from tests.fake_clock import START
from tests.sql_count import statements

MINUTE = timedelta(minutes=1)


def names(response):
    assert response.status_code == 200, response.text
    return [(each["path"], each["name"]) for each in response.json["secrets"]]


class TestReach:
    @pytest.fixture(autouse=True)
    def everywhere(self, add):
        for path in ("/", "/web", "/web/api", "/website", "/w_b"):
            add("NAME", path=path)
        add("NAME", environment="staging", path="/web")
        add("NAME", path="/Web/api")

    @pytest.mark.parametrize(
        ("columns", "query", "paths"),
        [
            ({}, "", ["/", "/Web/api", "/w_b", "/web", "/web/api", "/website"]),
            ({"path": "/web"}, "", ["/web", "/web/api"]),
            ({"path": "/web", "subtree": False}, "", ["/web"]),
            ({"path": "/w_b"}, "", ["/w_b"]),
            ({"path": "/web"}, "?path=/web/api/", ["/web/api"]),
            ({"path": "/web"}, "?path=/web", ["/web"]),
            ({"path": "/nothing/here"}, "", []),
        ],
    )
    def test_is_the_tokens(self, client, session, payments, columns, query, paths):
        _, text = programs.reader(session, payments, **columns)
        assert [path for path, _ in names(read(client, text, query))] == paths

    @pytest.mark.parametrize("query", ["?path=/", "?path=/website", "?path=/web/..", "?path=/web/api", "?name=OTHER"])
    def test_ends_there_and_never_says_what_lies_beyond(self, client, session, payments, query):
        _, text = programs.reader(session, payments, path="/web", subtree=False)
        refused, unknown = read(client, text, query), read(client, "kt_nobody")
        assert refused.status_code == unknown.status_code == 401
        assert refused.data == unknown.data

    def test_takes_the_right_to_read(self, client, session, payments, keyring):
        strategy = turned.strategy(session, keyring, payments)
        _, text = programs.token(session, strategy)
        assert read(client, text).status_code == 401


class TestAnswer:
    def test_has_each_value_byte_for_byte(self, client, session, payments, add):
        add("GREETING", " zwei\nZeilen, für Ößi\r\n")
        add("EMPTY", "")
        _, text = programs.reader(session, payments)
        response = read(client, text)
        assert {each["name"]: each["value"] for each in response.json["secrets"]} == {
            "EMPTY": "", "GREETING": " zwei\nZeilen, für Ößi\r\n",
        }  # fmt: skip
        assert response.json["secrets"][0] == {
            "id": response.json["secrets"][0]["id"], "name": "EMPTY", "path": "/", "comment": "", "value": "",
            "version": 1, "changed_at": f"{START:%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        assert response.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in response.headers

    def test_has_the_names_that_were_asked_for(self, client, session, payments, add):
        for name in ("ONE", "TWO", "THREE"):
            add(name)
        _, text = programs.reader(session, payments)
        assert names(read(client, text, "?name=TWO&name=ONE")) == [("/", "ONE"), ("/", "TWO")]

    def test_is_304_until_something_changes(self, client, session, keyring, payments, add):
        secret = add("NAME")
        _, text = programs.reader(session, payments)
        etag = read(client, text).headers["ETag"]
        unchanged = read(client, text, **{"If-None-Match": etag})
        assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", etag)
        write_secret(session, payments.sealing_key(keyring), secret, b"new", now=START, author="bob", reason="edited")
        changed = read(client, text, **{"If-None-Match": etag})
        assert changed.json["secrets"][0]["value"] == "new"
        add("ANOTHER")
        assert read(client, text, **{"If-None-Match": changed.headers["ETag"]}).status_code == 200

    def test_takes_as_many_statements_for_many(self, app, client, session, payments, add):
        _, text = programs.reader(session, payments)
        add("FIRST")
        read(client, text)
        few = len(statements(app, lambda: read(client, text)))
        for number in range(40):
            add(f"NAME_{number}")
        session.commit()
        assert len(statements(app, lambda: read(client, text))) == few


class TestWhoHoldsWhat:
    def test_a_read_of_a_published_key_is_noted_once_a_minute(self, client, session, keyring, payments, clock):
        strategy = turned.strategy(session, keyring, payments)
        rotation = turned.succeeded(session, strategy)
        key = payments.sealing_key(keyring)
        for secret in (strategy.access_key_secret, strategy.secret_key_secret):
            write_secret(
                session, key, secret, b"new", now=START, author="worker", reason="rotation", rotation_id=rotation.id
            )
        token, text = programs.reader(session, payments)
        read(client, text)
        noted = session.query(HandedKey).one()
        assert (noted.token_id, noted.key_id, noted.at, noted.until) == (
            token.id, rotation.access_key_id, START, START,
        )  # fmt: skip
        noted.until = later = START + timedelta(hours=1)
        clock.advance(30)
        read(client, text)
        assert noted.at == START
        clock.advance(31)
        read(client, text)
        assert (noted.at, noted.until) == (START + timedelta(seconds=61), later), "what was promised stays"

    def test_other_secrets_are_nobodys_business(self, client, session, payments, add):
        add("NAME")
        _, text = programs.reader(session, payments)
        read(client, text)
        assert not session.query(HandedKey).count()


def test_environments_do_not_mix(client, session, payments, add):
    add_environment(session, payments, "review")
    add("ONLY_THERE", environment="review")
    _, text = programs.reader(session, payments)
    assert names(read(client, text)) == []


def test_an_address_that_does_not_exist(client, session, payments):
    _, text = programs.reader(session, payments)
    for address in ("/v1/anything", "/api/v2/secrets"):
        response = client.get(address, headers={"Authorization": text})
        assert (response.status_code, response.content_type) == (404, "application/problem+json")
        assert client.get(address).status_code == 401
