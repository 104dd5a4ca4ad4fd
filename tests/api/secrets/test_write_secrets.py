"""A program adds, changes and deletes secrets where its token reaches."""

from __future__ import annotations

import base64

import pytest

from models import AuditEntry, Secret, SecretVersion
from models.secret import MAX_VALUE_BYTES, write_secret
from tests.api import programs
from tests.api.programs import call, refused
from tests.fake_clock import START

PLANTED = "a planted value that must not be told"


@pytest.fixture
def text(session, payments):
    return programs.reader(session, payments, writes_secrets=True, path="/web")[1]


@pytest.fixture
def secret(add, session):
    made = add("NAME", path="/web")
    session.flush()
    return made


def value_of(session, payments, keyring, secret):
    session.expire_all()
    version = session.query(SecretVersion).filter_by(secret_id=secret.id, number=secret.version).one()
    return version.open(payments.sealing_key(keyring)).decode()


class TestCreate:
    def test_works(self, client, session, payments, text):
        new = {"name": "GREETING", "value": " zwei\nZeilen\r\n", "comment": "why"}
        response = call(client, "POST", "/secrets", text, json=new)
        made = session.query(Secret).one()
        assert response.status_code == 201
        assert response.json == {
            "id": made.id, "name": "GREETING", "path": "/web", "comment": "why", "version": 1,
            "changed_at": f"{START:%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        assert response.headers["Location"] == f"/api/v1/secrets/{made.id}"
        read = client.get(response.headers["Location"], headers={"Authorization": text})
        assert (read.json["value"], read.headers["ETag"]) == (" zwei\nZeilen\r\n", response.headers["ETag"])
        (entry,) = session.query(AuditEntry)
        assert (entry.actor, entry.action, entry.thing) == (
            "token:billing", "secret.create", "production:/web GREETING",
        )  # fmt: skip

    def test_below_the_tokens_path(self, client, session, text):
        assert (
            call(client, "POST", "/secrets", text, json={"name": "A", "value": "", "path": "/web/api/"}).json["path"]
            == "/web/api"
        )

    @pytest.mark.parametrize("path", ["/", "/website", "/other"])
    def test_nowhere_else(self, client, session, text, path):
        assert refused(call(client, "POST", "/secrets", text, json={"name": "A", "value": "", "path": path}))
        assert not session.query(Secret).count()

    def test_takes_the_right_to_write(self, client, session, payments):
        _, text = programs.reader(session, payments)
        assert refused(call(client, "POST", "/secrets", text, json={"name": "A", "value": ""}))

    def test_a_name_that_is_taken(self, client, secret, text):
        response = call(client, "POST", "/secrets", text, json={"name": "NAME", "value": "x"})
        assert (response.status_code, response.json["code"]) == (409, "name-taken")

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, ["name", "value"]),
            ({"name": "1ST", "value": "x"}, ["name"]),
            ({"name": "A", "value": 1}, ["value"]),
            ({"name": "A", "value": None}, ["value"]),
            ({"name": "A", "value": "\ud800"}, ["value"]),
            ({"name": "A", "value": "a\0b"}, ["value"]),
            ({"name": "A", "value": "x" * (MAX_VALUE_BYTES + 1)}, ["value"]),
            ({"name": "A", "value": "x", "path": "/a b"}, ["path"]),
            ({"name": "A", "value": "x", "path": "/.."}, ["path"]),
            ({"name": "A", "value": "x", "comment": "two\nlines"}, ["comment"]),
            ({"name": "A", "value": "x", "comment": "x" * 501}, ["comment"]),
            ({"name": "A", "value": "x", "more": "y"}, ["more"]),
        ],
    )
    def test_bad_input(self, client, session, text, body, fields):
        response = call(client, "POST", "/secrets", text, json=body)
        assert (response.status_code, response.json["code"], sorted(response.json["errors"])) == (
            422,
            "invalid",
            fields,
        )
        assert response.content_type == "application/problem+json"
        assert not session.query(Secret).count()

    def test_no_value_comes_back_with_an_error(self, client, text):
        body = {"name": "1ST", "value": PLANTED, "path": PLANTED}
        assert PLANTED not in call(client, "POST", "/secrets", text, json=body).text


class TestChange:
    def test_of_the_value_is_a_new_version(self, client, session, keyring, payments, secret, text):
        response = call(client, "PATCH", f"/secrets/{secret.id}", text, json={"value": "new"})
        assert (response.status_code, response.json["version"], response.json["name"]) == (200, 2, "NAME")
        assert value_of(session, payments, keyring, secret) == "new"
        assert session.query(SecretVersion).filter_by(number=2).one().author == "token:billing"
        (entry,) = session.query(AuditEntry)
        assert (entry.action, entry.detail) == ("secret.change", {"changed": ["value"], "version": 2})

    def test_of_the_words_alone_is_none(self, client, session, secret, text):
        response = call(client, "PATCH", f"/secrets/{secret.id}", text, json={"name": "OTHER", "comment": "why"})
        assert (response.json["name"], response.json["comment"], response.json["version"]) == ("OTHER", "why", 1)

    def test_of_nothing_changes_nothing(self, client, session, secret, text):
        assert call(client, "PATCH", f"/secrets/{secret.id}", text, json={}).status_code == 200
        assert not session.query(AuditEntry).count()

    def test_only_of_what_was_seen(self, client, session, keyring, payments, secret, text):
        address = f"/secrets/{secret.id}"
        etag = call(client, "GET", address, text).headers["ETag"]
        changed = call(client, "PATCH", address, text, json={"value": "new"}, If_Match=etag)
        assert changed.status_code == 200
        late = call(client, "PATCH", address, text, json={"value": "late"}, If_Match=etag)
        assert (late.status_code, late.json["code"]) == (412, "changed-meanwhile")
        assert value_of(session, payments, keyring, secret) == "new"
        again = call(client, "PATCH", address, text, json={"value": "newer"}, If_Match=changed.headers["ETag"])
        assert again.status_code == 200

    def test_to_a_name_that_is_taken(self, client, session, add, secret, text):
        add("OTHER", path="/web")
        response = call(client, "PATCH", f"/secrets/{secret.id}", text, json={"name": "OTHER"})
        assert (response.status_code, response.json["code"]) == (409, "name-taken")

    def test_not_of_what_a_strategy_writes(self, client, session, billing):
        _, text = programs.everything(session, billing)
        address = f"/secrets/{billing.secret_key_secret_id}"
        for response in (
            call(client, "PATCH", address, text, json={"value": "x"}),
            call(client, "DELETE", address, text),
        ):
            assert (response.status_code, response.json["code"]) == (409, "written-by-strategy")
        assert call(client, "PATCH", address, text, json={"comment": "why"}).status_code == 200

    def test_bad_input(self, client, secret, text):
        response = call(client, "PATCH", f"/secrets/{secret.id}", text, json={"value": 7})
        assert (response.status_code, list(response.json["errors"])) == (422, ["value"])


class TestDelete:
    def test_works(self, client, session, secret, text):
        number = secret.id
        response = call(client, "DELETE", f"/secrets/{number}", text)
        assert (response.status_code, response.data) == (204, b"")
        assert not session.query(SecretVersion).count()
        assert session.query(AuditEntry).one().action == "secret.delete"
        assert refused(call(client, "DELETE", f"/secrets/{number}", text))

    def test_only_of_what_was_seen(self, client, session, secret, text):
        assert call(client, "DELETE", f"/secrets/{secret.id}", text, If_Match='"other"').status_code == 412
        assert session.query(Secret).count() == 1


class TestVersions:
    @pytest.fixture(autouse=True)
    def three(self, session, keyring, payments, secret):
        for value in (b"second", b"\xff\xfe"):
            write_secret(
                session, payments.sealing_key(keyring), secret, value, now=START, author="bob", reason="edited"
            )

    def test_are_listed_without_values(self, client, secret, text):
        page = call(client, "GET", f"/secrets/{secret.id}/versions?limit=2", text).json
        assert [(each["number"], each["is_current"], each["author"]) for each in page["versions"]] == [
            (3, True, "bob"), (2, False, "bob"),
        ]  # fmt: skip
        rest = call(client, "GET", f"/secrets/{secret.id}/versions?cursor={page['next_cursor']}", text).json
        assert ([each["number"] for each in rest["versions"]], rest["next_cursor"]) == ([1], None)
        assert "value" not in page["versions"][0]

    def test_are_read_one_by_one(self, client, secret, text):
        assert call(client, "GET", f"/secrets/{secret.id}/versions/2", text).json["value"] == "second"

    def test_what_is_no_text_comes_in_base64(self, client, secret, text):
        for address in (f"/secrets/{secret.id}", f"/secrets/{secret.id}/versions/3"):
            told = call(client, "GET", address, text).json
            assert (base64.b64decode(told["value"]), told["encoding"]) == (b"\xff\xfe", "base64")
        assert call(client, "GET", "/secrets", text).json["secrets"][0]["encoding"] == "base64"

    def test_that_are_not_there(self, client, secret, text):
        for number in (0, 4, 2**31, 2**70):
            assert refused(call(client, "GET", f"/secrets/{secret.id}/versions/{number}", text))


@pytest.mark.parametrize("asked", ["GET ", "PATCH ", "DELETE ", "GET /versions", "GET /versions/1"])
def test_a_stranger(client, session, payments, add, secret, theirs, asked):
    """No right, another path, another environment, another project, no token: one answer."""
    method, address = asked.split(" ")
    elsewhere = add("NAME", path="/website")
    staging = add("NAME", path="/web", environment="staging")
    session.flush()
    rights = {"writes_secrets": True, "path": "/web"}
    _, of_all = programs.reader(session, payments, **rights)
    _, of_none = programs.token(
        session, project_id=payments.id, environment_id=secret.environment_id, name="none", path="/web"
    )
    json = {"value": "x"} if method == "PATCH" else None
    answers = [
        call(client, method, f"/secrets/{number}{address}", of_all, json=json)
        for number in (elsewhere.id, staging.id, theirs.access_key_secret_id, 999_999)
    ]
    answers += [call(client, method, f"/secrets/{secret.id}{address}", text, json=json) for text in (of_none, "kt_x")]
    assert all(map(refused, answers))
    assert len({answer.data for answer in answers}) == 1
    assert session.query(Secret).count() == 5


def test_wrong_methods(client, secret, text):
    for method, address, allowed in (
        ("PUT", "/secrets", {"GET", "POST"}), ("POST", f"/secrets/{secret.id}", {"DELETE", "GET", "PATCH"}),
        ("DELETE", f"/secrets/{secret.id}/versions/1", {"GET"}),
    ):  # fmt: skip
        response = call(client, method, address, text, json={})
        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed
