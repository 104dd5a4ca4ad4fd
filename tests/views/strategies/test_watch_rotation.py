from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models import Rotation, RotationStep, State, StepName
from tests import turned
from tests.fake_clock import START

URL = "/projects/payments/rotations"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def running(session, billing) -> Rotation:
    """A rotation that verifies its key, after one 30 days ago."""
    turned.succeeded(session, billing, at=START - 30 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    made = turned.rotation(
        session, billing, at=START - 9 * SECOND, state=State.VERIFYING.value, started_at=START - 9 * SECOND,
        good_rounds=2, lease_until=START + DAY, lease_owner="worker-1",
    )  # fmt: skip
    turned.steps(session, made, StepName.VERIFY, ends="runs")
    return made


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def poll_of(answer):
    return re.search(r'id="rotation-\d+" hx-get="([^"]+)"', answer.text)[1].replace("&amp;", "&")


def succeed(session, made, billing):
    made.state, made.ended_at, made.lease_until = State.SUCCEEDED.value, START, None
    old = session.query(turned.AccessKey).filter_by(strategy_id=billing.id, state="active").one()
    old.state, old.replaced_at, old.retire_at = "retiring", START, START + DAY
    session.flush()
    key = turned.key(session, billing, made, turned.KeyState.ACTIVE, "AKIAEXAMPLE2T7Q4FVKD", published_at=START)
    made.access_key_id, made.good_rounds = key.id, 8


def test_shows_the_steps_and_what_aws_said(bob_client, running):
    page = bob_client.get(f"{URL}/{running.id}")
    assert page.status_code == 200
    told = text(page)
    assert f"Rotation {running.id} Verifying" in told
    assert "IAM user billing-api by bob, button" in told
    assert "iam:CreateAccessKey → AKIAEXAMPLE2T7Q4FVKD" in told
    assert "2 of 8 good rounds in a row" in told
    assert page.text.count('class="on"') == 2
    assert "11:59:51.38 0.38 s" in told
    assert "Pair AKIA…N3HC , version 1" in told
    assert "at the step Publish, not before" in told
    assert "stays valid for at least 24 hours after publication" in told


def test_asks_every_second_and_hears_of_changes_only(bob_client, session, running):
    poll = poll_of(bob_client.get(f"{URL}/{running.id}"))
    assert bob_client.get(poll, htmx=True).status_code == 204
    running.good_rounds = 3
    step = session.query(RotationStep).filter_by(rotation_id=running.id, name="verify").one()
    call = {"at": START.isoformat(), "action": "iam:GetUser", "said": "AccessDenied", "ok": True, "request_id": ""}
    step.calls = [*step.calls, call]
    news = bob_client.get(poll, htmx=True)
    assert news.status_code == 200
    assert "3 of 8 good rounds" in text(news)
    assert poll_of(news) != poll
    assert bob_client.get(poll_of(news), htmx=True).status_code == 204


def test_changes_state_pair_and_old_key_out_of_band(bob_client, session, running):
    poll = poll_of(bob_client.get(f"{URL}/{running.id}"))
    running.state = State.PUBLISHING.value
    news = bob_client.get(poll, htmx=True).text
    for part in (f"rotation-{running.id}-state", f"rotation-{running.id}-actions", "reads", "old-key"):
        assert re.search(rf'hx-swap-oob="true"[^>]* id="{part}"', news), part
    assert f'hx-swap-oob="innerHTML:#live">Rotation {running.id}: Publishing.' in news


def test_one_that_has_ended_asks_no_more(bob_client, session, billing, running):
    poll = poll_of(bob_client.get(f"{URL}/{running.id}"))
    succeed(session, running, billing)
    news = bob_client.get(poll, htmx=True).text
    assert "hx-trigger" not in news
    assert "Programs read the new key since" in news
    assert f"Rotation {running.id} succeeded. Programs read the new key." in news


def test_tells_a_success_for_programs_first(bob_client, session, billing, running):
    succeed(session, running, billing)
    told = text(bob_client.get(f"{URL}/{running.id}"))
    assert "Programs read the new key since 12:00:00" in told
    assert "STS, IAM, S3 accepted it 8 times in a row before anyone could read it." in told
    assert "The old key works until Wed 25 Nov 2026, 12:00 at least." in told
    assert "Retire the old key" in told
    assert "AKIA…N3HC is in its grace until Wed 25 Nov 2026, 12:00" in told
    assert "Back to billing-api" in told
    assert "took 9.00 s" in told


@pytest.mark.parametrize(
    ("deleted_at", "told"),
    [
        (START, "It was deleted at AWS again."),
        (None, "It is deleted at AWS again at the next look, in 5 min"),
    ],
)
def test_tells_what_became_of_a_new_key_that_was_never_accepted(bob_client, session, billing, deleted_at, told):
    failed = turned.failed(session, billing, "key_not_accepted")
    state = turned.KeyState.DELETED if deleted_at else turned.KeyState.CREATED
    key = turned.key(session, billing, failed, state, "AKIAEXAMPLENEW", published_at=None)
    key.deleted_at, key.look_at = deleted_at, START + timedelta(minutes=5)
    failed.access_key_id = key.id
    assert told in text(bob_client.get(f"/projects/payments/rotations/{failed.id}"))


def test_an_earlier_success_says_until_when_its_key_was_read(bob_client, session, billing, running):
    earlier = session.query(Rotation).filter(Rotation.id != running.id).one()
    succeed(session, running, billing)
    told = text(bob_client.get(f"{URL}/{earlier.id}"))
    assert "Programs read its key from Sun 25 Oct 2026, 12:00:00 UTC to Tue 24 Nov 2026, 12:00:00 UTC" in told
    assert "not by this rotation" in told


def test_on_the_strategys_page_the_rest_changes_with_it(bob_client, session, billing, running):
    poll = poll_of(bob_client.get("/projects/payments/strategies/1"))
    assert "on=strategy" in poll
    running.state = State.PUBLISHING.value
    news = bob_client.get(poll, htmx=True).text
    assert re.search(r'hx-swap-oob="true"[^>]* id="strategy-head"', news)
    succeed(session, running, billing)
    news = bob_client.get(poll, htmx=True).text
    for part in ("strategy-head", "timeline", "old-key", "recent", "plan", "trouble"):
        assert re.search(rf'hx-swap-oob="true"[^>]* id="{part}"', news), part


def test_says_that_nobody_works(bob_client, session, billing, system):
    made = turned.rotation(session, billing)
    system.trouble = "workers"
    page = bob_client.get(f"{URL}/{made.id}")
    assert "No worker runs: the rotation waits" in page.text
    assert "Queued, late" in page.text
    poll = poll_of(page)
    assert bob_client.get(poll, htmx=True).status_code == 204
    system.trouble = ""
    assert "No worker runs" not in bob_client.get(poll, htmx=True).text


def test_tells_why_it_waits_and_lets_it_try_at_once(bob_client, session, billing, sent):
    made = turned.rotation(
        session, billing, state=State.CREATING.value, wait_code="throttled", wait_until=START + 150 * SECOND, tries=3,
        error_facts={"said": "Throttling", "tries": "3 of 8"},
    )  # fmt: skip
    page = bob_client.get(f"{URL}/{made.id}")
    told = text(page)
    assert "Waiting until 12:02:30 : AWS throttles IAM calls in this account" in told
    assert "This was try 3 of 8" in told
    answer = bob_client.post(f"{URL}/{made.id}/now", htmx=True)
    assert answer.text.lstrip().startswith('<div class="kt-stack" id="rotation-')
    session.refresh(made)
    assert made.wait_until == START
    assert sent.rotations == [made.id]


def test_tries_at_once_without_javascript(bob_client, session, billing, sent):
    made = turned.rotation(session, billing, wait_code="throttled", wait_until=START + DAY)
    answer = bob_client.post(f"{URL}/{made.id}/now")
    assert (answer.status_code, answer.location) == (303, f"{URL}/{made.id}")


def test_trying_at_once_shortens_no_pause_between_rounds_and_wakes_nothing_that_has_ended(
    bob_client, session, billing, sent
):
    failed = turned.failed(session, billing, "throttled")
    pausing = turned.rotation(session, billing, state=State.VERIFYING.value, wait_until=START + DAY)
    for made in (failed, pausing):
        bob_client.post(f"{URL}/{made.id}/now")
    session.refresh(pausing)
    session.refresh(failed)
    assert pausing.wait_until == START + DAY
    assert failed.wait_until is None


def test_tells_that_it_waits_for_room(bob_client, session, billing):
    made = turned.rotation(
        session, billing, wait_code="old_key_in_grace", wait_until=START + SECOND,
        error_facts={"user": "billing-api", "key": "AKIAEXAMPLEMW5RXN3HC", "until": "2026-11-25T12:00:00+00:00"},
    )  # fmt: skip
    told = text(bob_client.get(f"{URL}/{made.id}"))
    assert "billing-api still has its old key, so there is no room for a new one" in told
    assert "AKIAEXAMPLEMW5RXN3HC is valid until Wed 25 Nov 2026, 12:00:00" in told
    assert "Try now" not in told


def test_tells_until_when_it_waits_for_room_even_between_two_looks(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 30 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.succeeded(session, billing, at=START - DAY / 2)
    old = session.query(turned.AccessKey).filter_by(state="retiring").one()
    made = turned.rotation(
        session, billing, wait_code="old_key_in_grace", wait_until=START - SECOND,
        error_facts={"user": "billing-api", "key": "AKIAEXAMPLEMW5RXN3HC", "until": "2026-11-24T12:15:00+00:00"},
    )  # fmt: skip
    assert "Waiting for the old key to retire in 12 h" in text(bob_client.get("/projects/payments/strategies"))
    assert "Waiting for the old key to retire in 12 h" in text(bob_client.get("/projects/payments/strategies/1"))
    page = bob_client.get(f"{URL}/{made.id}")
    assert f"Rotation {made.id} Waiting" in text(page)
    assert "AKIAEXAMPLEMW5RXN3HC is valid until Wed 25 Nov 2026, 00:00:00 at least." in text(page)
    old.retire_at = START + 3 * DAY
    news = bob_client.get(poll_of(page), htmx=True)
    assert "AKIAEXAMPLEMW5RXN3HC is valid until Fri 27 Nov 2026, 12:00:00 at least." in text(news)


def test_says_that_it_waits_in_vain_for_a_key_that_can_not_be_deleted(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 30 * DAY)
    turned.succeeded(session, billing, at=START - 2 * DAY)
    made = turned.rotation(session, billing, wait_code="old_key_in_grace", wait_until=START + SECOND)
    page = bob_client.get(f"{URL}/{made.id}")
    assert "no worker is held" in text(page)
    old = session.query(turned.AccessKey).filter_by(state="retiring").one()
    old.error_code, old.error_facts = "not_permitted", {"action": "iam:DeleteAccessKey", "user": "billing-api"}
    news = bob_client.get(poll_of(page), htmx=True)
    assert "The manager may not call iam:DeleteAccessKey on billing-api" in text(news)
    assert "Then the rotation goes on by itself." in text(news)
    assert 'href="/projects/payments/strategies/1#old-key"' in news.text
    row = bob_client.get("/projects/payments/strategies")
    assert "Failed the old key can" in text(row)
    assert "The manager may not call iam:DeleteAccessKey on billing-api" in text(row)
    assert 'href="/projects/payments/strategies/1#old-key">What to do' in row.text


def test_says_how_it_was_asked_for(bob_client, session, billing):
    scheduled = turned.failed(session, billing, "throttled", trigger="schedule", due_at=START - SECOND)
    scheduled.requested_by = "schedule"
    told = text(bob_client.get(f"{URL}/{scheduled.id}"))
    assert "by schedule, was due Tue 24 Nov 2026, 11:59:59 UTC" in told


@pytest.mark.parametrize("path", ["", "/progress"])
def test_a_stranger_finds_nothing(bob_client, charlie_client, running, path):
    assert charlie_client.get(f"{URL}/{running.id}{path}").status_code == 404
    assert charlie_client.get(f"/projects/data-platform/rotations/{running.id}{path}").status_code == 404
    assert charlie_client.post(f"{URL}/{running.id}/now").status_code == 404
    for number in (running.id + 1, "99999999999999999999"):
        assert bob_client.get(f"{URL}/{number}{path}").status_code == 404


def test_refuses_other_methods_and_sites(bob_client, running):
    assert bob_client.post(f"{URL}/{running.id}").status_code == 405
    assert bob_client.post(f"{URL}/{running.id}/progress").status_code == 405
    assert bob_client.get(f"{URL}/{running.id}/now").status_code == 405
    assert bob_client.post(f"{URL}/{running.id}/now", csrf=False).status_code == 400


def test_progress_without_htmx_is_the_page(bob_client, running):
    assert "<html" in bob_client.get(f"{URL}/{running.id}/progress").text
