from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from models import Action, AuditEntry
from tests import turned
from tests.fake_clock import START

URL = "/projects/payments/strategies/1"
DAY = timedelta(days=1)


def test_pauses_the_schedule(bob_client, session, billing):
    answer = bob_client.post(f"{URL}/pause")
    assert (answer.status_code, answer.location) == (303, URL)
    assert (billing.paused_at, billing.paused_by, billing.due_at) == (START, "bob", None)
    assert session.query(AuditEntry).filter_by(action=Action.STRATEGY_PAUSE.value).one().actor == "bob"
    page = bob_client.get(URL).text
    assert "Paused" in page
    assert "Resume schedule" in page


def test_the_row_shows_it(bob_client, session, billing):
    row = bob_client.post(f"{URL}/pause", data={"from": "list"}, htmx=True)
    assert row.text.lstrip().startswith('<tbody id="strategy-1">')
    assert "Paused" in row.text
    assert "None while paused" in row.text
    row = bob_client.post(f"{URL}/resume", data={"from": "list"}, htmx=True)
    assert "None while paused" not in row.text


def test_works_from_the_list_without_javascript(bob_client, billing):
    assert bob_client.post(f"{URL}/pause", data={"from": "list"}).location == "/projects/payments/strategies"


def test_the_first_pause_counts(bob_client, alice_client, session, clock, billing):
    bob_client.post(f"{URL}/pause")
    clock.advance(60)
    alice_client.post(f"{URL}/pause")
    assert (billing.paused_at, billing.paused_by) == (START, "bob")
    assert session.query(AuditEntry).filter_by(action=Action.STRATEGY_PAUSE.value).count() == 1


@pytest.mark.parametrize(("turned_ago", "due"), [(8, 22 * DAY), (31, timedelta())])
def test_resumes_with_the_next_time_of_its_interval_or_at_once(bob_client, session, billing, turned_ago, due):
    turned.succeeded(session, billing, at=START - turned_ago * DAY)
    billing.paused_at, billing.paused_by, billing.due_at = START - DAY, "ana", None
    bob_client.post(f"{URL}/resume")
    assert (billing.paused_at, billing.paused_by, billing.due_at) == (None, "", START + due)
    assert session.query(AuditEntry).filter_by(action=Action.STRATEGY_RESUME.value).one().actor == "bob"


def test_resuming_what_runs_changes_nothing(bob_client, session, billing):
    due = billing.due_at
    bob_client.post(f"{URL}/resume")
    assert billing.due_at == due
    assert session.query(AuditEntry).count() == 0


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_refuses_strangers_other_methods_and_other_sites(bob_client, charlie_client, session, billing, verb):
    assert bob_client.get(f"{URL}/{verb}").status_code == {"pause": 200, "resume": 405}[verb]
    assert charlie_client.get(f"{URL}/pause").status_code == 404
    assert bob_client.post(f"{URL}/{verb}", csrf=False).status_code == 400
    assert bob_client.post(f"/projects/payments/strategies/2/{verb}").status_code == 404
    assert charlie_client.post(f"{URL}/{verb}").status_code == 404
    assert charlie_client.post(f"/projects/data-platform/strategies/1/{verb}").status_code == 404
    assert billing.paused_at is None


def test_pauses_until_a_date_in_the_readers_zone(bob_client, bob, session, billing):
    bob.time_zone = "Europe/Berlin"
    assert bob_client.get(f"{URL}/pause").status_code == 200
    bob_client.post(f"{URL}/pause", data={"until": "2026-12-24T18:00"})
    assert billing.paused_until == datetime(2026, 12, 24, 17, tzinfo=UTC)
    assert "until Thu 24 Dec 2026, 18:00" in re.sub(r"<[^>]+>", "", bob_client.get(URL).text)
    assert session.query(AuditEntry).one().detail == {"until": "2026-12-24T17:00:00+00:00"}
    bob_client.post(f"{URL}/resume")
    assert billing.paused_until is None


def test_the_dialog_on_the_list_changes_the_row(bob_client, billing):
    assert 'name="from" value="list"' in bob_client.get(f"{URL}/pause?from=list", htmx=True).text
    answer = bob_client.post(f"{URL}/pause", data={"until": "2026-12-24T18:00", "from": "list"}, htmx=True)
    assert '<tbody hx-swap-oob="true" id="strategy-1">' in answer.text
    assert "close-dialog" in answer.headers["HX-Trigger"]


def test_a_pause_that_would_have_ended_is_refused_at_its_field(bob_client, billing):
    answer = bob_client.post(f"{URL}/pause", data={"until": "2020-01-01T00:00"})
    assert answer.status_code == 422
    assert "A time that is yet to come." in answer.text
    assert billing.paused_at is None
