"""A program reads what of the audit log its token reaches."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Action
from models.audit import record
from tests.api import programs
from tests.api.programs import call
from tests.fake_clock import START


@pytest.fixture
def entry(session, payments):
    """Adds an entry."""

    def adding(thing, project=payments, **facts):
        record(
            session, at=START, actor="bob", action=Action.ROTATION_REQUEST, thing=thing, project_id=project.id,
            address="192.0.2.7", **facts,
        )  # fmt: skip

    return adding


def things(client, text, query=""):
    return [each["thing"] for each in call(client, "GET", f"/audit{query}", text).json["entries"]]


def test_is_about_what_the_token_reaches(client, session, billing, other, theirs, entry, add):
    mine, beyond = add("MINE", path="/billing-api"), add("BEYOND", path="/")
    session.flush()
    entry("my strategy", strategy_id=billing.id, detail=7)
    entry("my secret", secret_id=mine.id)
    entry("another strategy", strategy_id=other.id)
    entry("another secret", secret_id=beyond.id)
    entry("the project")
    _, text = programs.everything(session, billing, path="/billing-api")
    _, names = programs.token(session, billing, name="names")
    assert things(client, text) == ["my secret", "my strategy"]
    assert things(client, names) == ["my strategy"]
    told = call(client, "GET", "/audit", text).json["entries"][1]
    assert (told["actor"], told["action"], told["detail"]) == ("bob", "rotation.request", {"detail": 7})
    assert "192.0.2.7" not in str(told)


def test_is_newest_first_in_pages(client, session, billing, entry, text):
    for number in range(5):
        entry(f"thing {number}", strategy_id=billing.id)
        session.flush()
    first = call(client, "GET", "/audit?limit=3", text).json
    rest = call(client, "GET", f"/audit?limit=3&cursor={first['next_cursor']}", text).json
    assert [each["thing"] for page in (first, rest) for each in page["entries"]] == [
        f"thing {number}" for number in (4, 3, 2, 1, 0)
    ]
    assert rest["next_cursor"] is None


def test_wrong_method(client, text):
    assert call(client, "POST", "/audit", text, json={}).status_code == 405


def test_bad_input(client, text):
    for query in ("?limit=0", "?cursor=x", "?cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5IiwgMV0"):
        assert call(client, "GET", f"/audit{query}", text).status_code == 422


def test_a_stranger(client, session, billing, theirs, entry):
    entry("my strategy", strategy_id=billing.id)
    _, text = programs.everything(session, theirs)
    assert things(client, text) == []
    _, late = programs.everything(session, billing, name="late", expires_at=START - timedelta(days=1))
    assert programs.refused(call(client, "GET", "/audit", late))
