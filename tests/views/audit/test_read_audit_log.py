"""Reading the audit log: of a project, and of everything."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models.audit import Action, AuditEntry, record
from models.vault.tidying import delete_project
from tests import turned
from tests.fake_clock import START
from tests.sql_count import statements
from views.audit.words import WHAT, show

URL = "/projects/payments/audit"
HOUR = timedelta(hours=1)


@pytest.fixture
def write(session, payments):
    """Write an entry about production:/api TOKEN of `payments`."""

    def write(*, at=START, actor="bob", action=Action.SECRET_REVEAL, thing="production:/api TOKEN", **facts):
        record(session, at=at, actor=actor, action=action, thing=thing, project_id=payments.id, **facts)

    return write


def rows(response):
    """What happened, in the order of the page."""
    return re.findall(r'data-label="What"><span class="kt-strong">(.*?)</span>', response.text)


def test_works(bob_client, bob, write):
    write(actor_id=bob.id, address="192.0.2.14", version=3, reason="incident <2291>")
    write(at=START - timedelta(days=1), action=Action.SECRET_CREATE)
    response = bob_client.get(URL)
    assert rows(response) == ["Revealed TOKEN", "Added TOKEN"]
    for told in (
        "Today, Tue 24 November", "Yesterday, Mon 23 November", "12:00:00", "192.0.2.14", "production:/api",
        "version 3", "reason “incident &lt;2291&gt;”", "secret.reveal",
    ):  # fmt: skip
        assert told in response.text


def test_times_are_the_readers(bob_client, bob, write):
    bob.time_zone = "Asia/Tokyo"
    write(at=START + 4 * HOUR)
    write(at=START)
    page = bob_client.get(URL).text
    assert "Wed 25 November" in page
    assert "01:00:00" in page
    assert len(rows(bob_client.get(f"{URL}?from=2026-11-25"))) == 1
    assert len(rows(bob_client.get(f"{URL}?to=2026-11-24"))) == 1
    assert len(rows(bob_client.get(f"{URL}?from=2026-11-24T21:00&to=2026-11-25T00:59"))) == 1
    assert len(rows(bob_client.get(f"{URL}?from=2026-11-24T21:00&to=2026-11-25T01:00"))) == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=token", 2), ("q=TOK%25", 0), ("q=192.0.2.14", 1), ("q=rotation+41", 1), ("action=secret", 2),
        ("action=secret.copy", 1), ("action=rotation", 1), ("actor=schedule", 1), ("actor=nobody", 0), ("secret=7", 1),
        ("strategy=9", 1), ("strategy=10", 0), ("q=&action=&actor=&from=&to=", 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("htmx", [True, False])
def test_filters(bob_client, write, query, found, htmx):
    write(address="192.0.2.14", secret_id=7)
    write(action=Action.SECRET_COPY)
    write(action=Action.ROTATION_REQUEST, thing="billing-api", actor="schedule", strategy_id=9, rotation=41)
    response = bob_client.get(f"{URL}?{query}", htmx=htmx)
    assert response.status_code == 200
    assert len(rows(response)) == found
    if not found:
        assert "No entry fits" in response.text


@pytest.mark.parametrize(
    "query",
    [
        "from=x",
        "to=2026-13-01",
        "from=2026-11-24&to=2026-11-23",
        "action=none",
        "secret=x",
        "strategy=99999999999",
        "to=9999-12-31",
    ],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_a_filter_that_cant_be(bob_client, write, query, htmx):
    write()
    response = bob_client.get(f"{URL}?{query}", htmx=htmx)
    assert response.status_code == 422
    assert "This filter can" in response.text
    assert rows(response) == []


@pytest.mark.parametrize("position", ["x", "1-", "-1", "1-2-3", "9" * 40 + "-1"])
def test_no_such_position(bob_client, write, position):
    assert bob_client.get(f"{URL}?before={position}").status_code == 400


def test_a_page_at_a_time(bob_client, write):
    for number in range(60):
        write(at=START - number * HOUR, thing=f"production:/api N{number}")
    first = bob_client.get(f"{URL}?action=secret")
    assert rows(first)[0] == "Revealed N0"
    assert len(rows(first)) == 50
    (older,) = re.findall(r'href="(/projects/payments/audit\?[^"]*before=[^"]*)"', first.text)
    assert "action=secret" in older
    second = bob_client.get(older.replace("&amp;", "&"), htmx=True)
    assert rows(second) == [f"Revealed N{number}" for number in range(50, 60)]
    assert "Back to the newest" in second.text


def test_a_secrets_history_follows_it(bob_client, session, keyring, payments, write):
    written = turned.strategy(session, keyring, payments).access_key_secret
    write(secret_id=written.id)
    response = bob_client.get(f"{URL}?secret={written.id}")
    assert "Only about <b" in response.text
    assert "AWS_ACCESS_KEY" in response.text
    assert rows(response) == ["Revealed TOKEN"]


def test_links_only_to_what_still_exists(bob_client, session, keyring, payments, write):
    strategy = turned.strategy(session, keyring, payments)
    write(action=Action.KEY_PUBLISH, thing="AKIAEXAMPLE2T7Q4FVKD", strategy_id=strategy.id, rotation=41)
    write(action=Action.STRATEGY_DELETE, thing="gone", strategy_id=4711, rotation=42)
    page = bob_client.get(URL).text
    assert f'<a href="/projects/payments/strategies/{strategy.id}">billing-api</a>' in page
    assert '<a href="/projects/payments/rotations/41">rotation 41</a>' in page
    assert "strategies/4711" not in page
    assert "rotations/42" not in page


def test_nothing_yet(bob_client, payments):
    assert "Nothing has happened yet" in bob_client.get(URL).text


def test_members_see_their_own_projects_only(bob_client, charlie_client, session, write):
    write()
    record(session, at=START, actor="dora", action=Action.USER_SIGN_IN, thing="dora")
    assert rows(bob_client.get(URL)) == ["Revealed TOKEN"]
    assert charlie_client.get(URL).status_code == 404
    assert rows(charlie_client.get("/projects/data-platform/audit")) == []
    assert bob_client.get("/audit").status_code == 404
    assert "data-platform" not in bob_client.get(URL).text


def test_administrators_see_everything(alice_client, session, write):
    write()
    record(session, at=START + HOUR, actor="dora", action=Action.USER_SIGN_IN, thing="dora")
    response = alice_client.get("/audit")
    assert rows(response) == ["Signed in", "Revealed TOKEN"]
    assert 'href="/projects/payments/audit">payments</a>' in response.text


def test_wrong_method(bob_client):
    assert bob_client.post(URL).status_code == 405


def test_every_action_has_words():
    assert set(WHAT) == set(Action)
    for action in Action:
        entry = AuditEntry(at=START, actor="bob", action=action.value, thing="a b", detail={})
        assert "{" not in show(entry, "payments", "").what


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"changed": ["value", "comment"]}, "value and comment"),
        ({"code": "two_keys"}, "Two keys already"),
        ({"code": "of another version"}, "of another version"),
        ({"until": "2026-11-25T12:00:00+00:00"}, "until Wed 25 Nov 2026, 12:00"),
        ({"until": "tomorrow"}, "until tomorrow"),
        ({"failed": 0}, "all checks passed"),
        ({"failed": 2}, "2 checks failed"),
        ({"grace_s": 86400}, "<span>grace period 24 hours<"),
        ({"interval_s": "1209600 to 259200"}, "<span>interval: 14 days → 3 days<"),
        ({"interval_s": "none to 3600"}, "<span>interval: none → 1 hour<"),
        ({"grace_s": "86400 to 3600"}, "<span>grace period: 24 hours → 1 hour<"),
        ({"quiet_s": "86400 to 172800"}, "<span>quiet time: 24 hours → 2 days<"),
        ({"retire_when": "quiet to next"}, "<span>old key ends: after its quiet time → at the next rotation<"),
        ({"iam_path": "/ to /deploy/"}, "<span>IAM path: / → /deploy/<"),
        ({"verify_services": "['sts', 'iam'] to ['sts']"}, "<span>services asked: sts, iam → sts<"),
        ({"delete_keys": True}, "<span>keys that it made deleted at AWS<"),
        ({"delete_keys": False}, "<span>keys kept at AWS<"),
        ({"old_key": "wait"}, "<span>the old key keeps its grace<"),
        ({"old_key": "end"}, "<span>the old key retires now<"),
        (
            {"trigger": "button", "old_key": "ask", "purpose": "turn", "smtp": "none", "spread_s": 0},
            "<span>by button</span></td>",
        ),
        ({"purpose": "undo"}, "<span>back to the key before</span></td>"),
        ({"why": "AWS lists it no more"}, "because AWS lists it no more"),
        ({"to": "shop"}, "now shop"),
        ({"made": "link"}, "by a link"),
        ({"is_admin": True}, "<span>administrator<"),
        ({"projects": ["a", "b"]}, "projects: a, b"),
        ({"trigger": "button"}, "by button"),
        ({"new_name": "KEY"}, "now KEY"),
    ],
)
def test_facts_in_words(bob_client, write, facts, told):
    write(**facts)
    assert told in bob_client.get(URL).text


def test_names_the_iam_user_of_a_key_also_when_its_strategy_is_gone(bob_client, session, keyring, payments, write):
    strategy = turned.strategy(session, keyring, payments)
    write(action=Action.KEY_DELETE, thing="AKIAEXAMPLE2T7Q4FVKD", actor="worker", strategy_id=strategy.id)
    assert "billing-api</a>" in bob_client.get(URL).text
    session.delete(strategy)
    page = bob_client.get(URL)
    assert "<span>billing-api</span>" in page.text
    assert rows(bob_client.get(f"{URL}?q=BILLING")) == ["Deleted a key"]


def test_names_a_project_that_was_deleted(alice_client, session, payments, write):
    write()
    delete_project(session, payments)
    page = alice_client.get("/audit").text
    assert re.search(r'data-label="Project">deleted project payments</td>', page)
    assert 'href="/projects/payments/audit"' not in page


def test_as_many_statements_for_more_entries(app, bob_client, session, write):
    def count():
        session.commit()
        return len(statements(app, lambda: bob_client.get(URL)))

    for number in range(10):
        write(strategy_id=number)
    few = count()
    for number in range(990):
        write(strategy_id=number, at=START - number * HOUR)
    assert count() == few
