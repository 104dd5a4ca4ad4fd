from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models import KeyState, State
from tests import turned
from tests.fake_clock import START

URL = "/projects/payments/strategies"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def names(page):
    return re.findall(r'<a class="kt-strong" href="[^"]*">([^<]+)</a>', page.text)


def test_an_empty_project_says_what_the_place_is_for(bob_client):
    page = bob_client.get(URL)
    assert page.status_code == 200
    assert "No key is rotated in this project yet" in page.text
    assert "/strategies/new/aws-iam" in page.text
    assert "kt-tools" not in page.text


def test_shows_a_row_of_each_strategy(bob_client, session, billing):
    done = turned.succeeded(session, billing, at=START - 8 * DAY, trigger="schedule")
    page = bob_client.get(URL).text
    assert "billing-api" in page
    assert "production:/billing-api" in page
    assert "8 d" in page
    assert "Up to date" in page
    assert f'aria-label="Rotation {done.id}"' in page
    assert "every 30 days" in page
    assert "1 strategy" in page
    assert 'aria-label="Keys of the last 90 days: turned 8 d ago"' in page
    assert 'action="/projects/payments/strategies/1/rotate"' in page


def test_never_names_a_next_time_in_the_past(bob_client, session, keyring, payments):
    def row(number):
        cell = bob_client.get(f"{URL}/{number}/row").text.split('data-label="Next rotation"')[1]
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell))

    due = turned.strategy(session, keyring, payments, "due", due_in=-MINUTE / 60)
    late = turned.strategy(session, keyring, payments, "late", due_in=-MINUTE)
    waits = turned.strategy(session, keyring, payments, "waits", due_in=-MINUTE)
    made = turned.rotation(session, waits, wait_code="old_key_in_grace", wait_until=START + MINUTE)
    assert "Due now every 30 days" in row(due.id)
    assert "Overdue since Tue 24 Nov 2026, 11:59 every 30 days" in row(late.id)
    assert f"When rotation {made.id} has ended every 30 days" in row(waits.id)
    for number, told in ((due.id, "Due now"), (late.id, "Overdue since"), (waits.id, "has ended")):
        plan = bob_client.get(f"{URL}/{number}").text.split('id="plan"')[1]
        assert told in plan
        assert "ago" not in plan


def test_puts_what_needs_attention_first_then_what_runs_then_the_next_time(bob_client, session, keyring, payments):
    def make(name, **columns):
        made = turned.strategy(session, keyring, payments, name, **columns)
        turned.succeeded(session, made, at=START - DAY)
        return made

    make("later", due_in=2 * DAY)
    make("sooner", due_in=DAY)
    make("by-button", days=None)
    turned.rotation(session, make("running"))
    turned.failed(session, make("failing"), "two_keys")
    make("overdue", due_in=-MINUTE)
    assert names(bob_client.get(URL)) == ["failing", "overdue", "running", "sooner", "later", "by-button"]


def test_the_tab_counts_what_needs_attention(bob_client, session, billing):
    assert "needs attention" not in bob_client.get(URL).text
    turned.failed(session, billing, "two_keys")
    page = bob_client.get(URL).text
    assert 'title="1 needs attention"' in page
    assert "1 strategy, 1 needs attention" in page


def test_says_what_is_the_matter_and_leads_there(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - DAY, key_id="AKIAEXAMPLEQ7DSK4UGE")
    failed = turned.failed(session, billing, "two_keys", facts={"user": "billing-api", "key": "AKIAEXAMPLEQ7DSK4UGE"})
    page = re.sub(r"\s+", " ", bob_client.get(URL).text)
    assert "billing-api already has two access keys, and IAM allows no third" in page
    assert "Nothing changed. Programs read <code>AKIA…4UGE</code>." in page
    assert f'href="/projects/payments/rotations/{failed.id}">What happened' in page
    assert "On hold" in page


def test_says_where_an_old_key_is_still_used(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 38 * DAY)
    turned.succeeded(session, billing, at=START - 8 * DAY)
    old = session.query(turned.AccessKey).filter_by(state=KeyState.RETIRING.value).one()
    old.last_used_at, old.last_used_service, old.last_used_region = START - MINUTE, "s3", "eu-west-1"
    page = bob_client.get(URL).text
    assert "Old key in use" in page
    assert "S3 in eu-west-1" in page
    assert 'href="/projects/payments/strategies/1#old-key"' in page


def test_a_row_asks_for_itself_only_while_its_rotation_runs(bob_client, session, billing):
    assert "every 2s" not in bob_client.get(URL).text
    running = turned.rotation(session, billing)
    page = bob_client.get(URL).text
    assert 'hx-get="/projects/payments/strategies/1/row" hx-trigger="every 2s"' in page
    assert f'aria-label="Watch rotation {running.id}"' in page
    running.state, running.ended_at = State.SUCCEEDED.value, START
    row = bob_client.get(f"{URL}/1/row", htmx=True).text
    assert row.lstrip().startswith('<tbody id="strategy-1">')
    assert "every 2s" not in row


def test_says_that_nobody_works_where_it_matters(bob_client, session, billing, system):
    system.trouble = "workers"
    assert "No worker runs" not in bob_client.get(URL).text
    turned.rotation(session, billing)
    assert '<b class="kt-strong">No worker runs.</b> The rotation is written down' in bob_client.get(URL).text
    system.trouble = "redis"
    assert "The queue can't be reached" in bob_client.get(f"{URL}/1/row").text.replace("&#39;", "'")


def test_a_rotation_that_somebody_works_on_or_that_waits_says_nothing_of_it(bob_client, session, billing, system):
    system.trouble = "workers"
    made = turned.rotation(session, billing, lease_until=START + MINUTE)
    assert "No worker runs" not in bob_client.get(URL).text
    made.lease_until, made.wait_code, made.wait_until = None, "throttled", START + MINUTE
    assert "No worker runs" not in bob_client.get(URL).text
    made.wait_until = START
    assert "No worker runs" in bob_client.get(URL).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=billing", ["billing-api"]),
        ("q=BILL", ["billing-api"]),
        ("q=/reports", ["report-export"]),
        ("q=%25", []),
        ("environment=staging", ["report-export"]),
        ("state=attention", ["billing-api"]),
        ("state=new", ["report-export"]),
        ("state=nonsense", []),
        ("q=billing&environment=staging", []),
        ("start=x", ["billing-api", "report-export"]),
        ("start=-5", ["billing-api", "report-export"]),
        ("start=1", ["report-export"]),
        ("start=99", []),
    ],
)
def test_finds_by_name_path_environment_and_state(bob_client, session, keyring, payments, billing, query, found):
    turned.strategy(session, keyring, payments, "report-export", path="/reports", environment="staging")
    turned.failed(session, billing, "two_keys")
    page = bob_client.get(f"{URL}?{query}")
    assert page.status_code == 200
    assert names(page) == found
    rows = bob_client.get(f"{URL}?{query}", htmx=True)
    assert rows.text.lstrip().startswith('<div class="card" id="strategies"')
    assert names(rows) == found


def test_a_search_that_finds_nothing_says_so_and_keeps_what_was_typed(bob_client, billing):
    page = bob_client.get(f"{URL}?q=zzz").text
    assert "No strategy fits this search" in page
    assert 'value="zzz"' in page


def test_shows_fifty_at_a_time(bob_client, session, keyring, payments):
    for number in range(51):
        turned.strategy(session, keyring, payments, f"user-{number:02}")
    first = bob_client.get(f"{URL}?q=user")
    assert len(names(first)) == 50
    link = re.search(r'href="([^"]+)">Next 50</a>, 1 strategy more', first.text)
    second = bob_client.get(link[1].replace("&amp;", "&"))
    assert len(names(second)) == 1
    assert ">Next 50" not in second.text


def test_an_open_list_hears_of_changes_only(bob_client, session, billing):
    poll = re.search(r'id="strategies" hx-get="([^"]+)"', bob_client.get(URL).text)[1]
    assert bob_client.get(poll, htmx=True).status_code == 204
    turned.rotation(session, billing)
    changed = bob_client.get(poll, htmx=True)
    assert changed.status_code == 200
    assert "Queued" in changed.text
    poll = re.search(r'id="strategies" hx-get="([^"]+)"', changed.text)[1]
    assert bob_client.get(poll, htmx=True).status_code == 204


def test_an_open_list_hears_that_an_old_key_is_gone(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - DAY)
    turned.succeeded(session, billing, at=START - MINUTE)
    poll = re.search(r'id="strategies" hx-get="([^"]+)"', bob_client.get(URL).text)[1]
    assert bob_client.get(poll, htmx=True).status_code == 204
    turned.deleted(session, session.query(turned.AccessKey).filter_by(state=KeyState.RETIRING.value).one())
    assert bob_client.get(poll, htmx=True).status_code == 200


def test_a_stranger_finds_nothing(charlie_client, billing):
    assert charlie_client.get(URL).status_code == 404
    assert charlie_client.get(f"{URL}/1/row").status_code == 404
    assert charlie_client.get("/projects/data-platform/strategies/1/row").status_code == 404


def test_unknown_ids_are_not_found(bob_client, billing):
    for number in ("2", "0", "99999999999999999999"):
        assert bob_client.get(f"{URL}/{number}/row").status_code == 404


def test_the_row_of_a_strategy_that_was_deleted_meanwhile_goes(bob_client, billing):
    gone = bob_client.get(f"{URL}/2/row", htmx=True)
    assert (gone.status_code, gone.text) == (200, "")


def test_refuses_other_methods(bob_client, billing):
    assert bob_client.post(URL).status_code == 405
    assert bob_client.post(f"{URL}/1/row").status_code == 405


def test_who_is_not_signed_in_is_sent_to_the_door(client, billing):
    assert client.get(URL).status_code == 302
