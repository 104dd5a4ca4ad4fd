from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models import Action, KeyState, State, StepName, UserSession
from models.audit import record
from models.watching.uses import add_use
from tests import turned
from tests.fake_clock import START

URL = "/projects/payments/strategies/1"
DAY = timedelta(days=1)


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace(" ,", ",")


def test_a_new_strategy_says_what_comes(bob_client, billing):
    page = bob_client.get(URL)
    assert page.status_code == 200
    assert "Never rotated" in page.text
    assert "No key was turned yet" in page.text
    assert "None yet. Rotate turns the key for the first time." in page.text
    assert 'action="/projects/payments/strategies/1/rotate"' in page.text


def test_shows_schedule_and_retirement(bob_client, session, billing):
    page = text(bob_client.get(URL))
    assert "every 30 days" in page
    assert "in 30 d, Thu 24 Dec 2026, 12:00" in page
    assert "24 hours after publication" in page
    assert "once AWS has reported no use for 24 hours" in page
    assert "8 good rounds of STS, IAM, S3 in a row" in page
    billing.interval_s, billing.due_at, billing.retire_when = None, None, "deadline"
    page = text(bob_client.get(URL))
    assert "by button only" in page
    assert "or 7 days after publication: a program that still holds it fails then" in page


def test_shows_the_keys_over_time(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 38 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.succeeded(session, billing, at=START - 8 * DAY, key_id="AKIAEXAMPLE2T7Q4FVKD")
    page = bob_client.get(URL).text
    assert page.index("<code>AKIA…FVKD</code>Current, 8 d old") < page.index("<code>AKIA…N3HC</code>Old, still valid")
    assert 'role="img" aria-label="AKIA…N3HC: created 17 October 2026 11:59:48, published 17 October' in page
    assert "viewBox" not in re.search(r'<div class="kt-lane">.*?</svg>\s*</div>', page, re.DOTALL)[0]
    assert 'aria-current="true"><span>12 weeks</span>' in page


def test_shows_another_range(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 8 * DAY)
    part = bob_client.get(f"{URL}/timeline?range=1y", htmx=True)
    assert part.text.lstrip().startswith('<section class="card" id="timeline"')
    assert 'aria-current="true"><span>1 year</span>' in part.text
    page = bob_client.get(f"{URL}?range=1y")
    assert "<html" in page.text
    assert 'aria-current="true"><span>1 year</span>' in page.text
    assert "<html" in bob_client.get(f"{URL}/timeline?range=1y").text
    assert 'aria-current="true"><span>12 weeks</span>' in bob_client.get(f"{URL}?range=100000d").text


def test_shows_recent_rotations_and_leads_to_all(bob_client, session, billing):
    for number in range(7):
        turned.succeeded(session, billing, at=START - (60 - number) * DAY)
    turned.failed(session, billing, "aws_unreachable")
    page = bob_client.get(URL).text
    assert "Failed: AWS unreachable" in page
    assert ">All 8</a>" in page
    assert page.count('data-label="Outcome"') == 5
    everything = bob_client.get(f"{URL}/rotations")
    assert everything.text.count('data-label="Outcome"') == 8


def test_lists_rotations_a_page_at_a_time(bob_client, session, billing):
    for _ in range(51):
        turned.failed(session, billing, "throttled")
    first = bob_client.get(f"{URL}/rotations").text
    assert first.count('data-label="Outcome"') == 50
    older = re.search(r'href="([^"]+)">Older', first)[1]
    second = bob_client.get(older).text
    assert second.count('data-label="Outcome"') == 1
    assert ">Older" not in second
    assert "There are no older ones" in bob_client.get(f"{URL}/rotations?before=1").text
    assert bob_client.get(f"{URL}/rotations?before=x").status_code == 200


def test_a_strategy_without_rotations_lists_none(bob_client, billing):
    assert "There is none yet." in bob_client.get(f"{URL}/rotations").text


def test_shows_the_old_key_in_its_grace(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 38 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.succeeded(session, billing, at=START - timedelta(hours=2))
    page = text(bob_client.get(URL))
    assert "Who still uses the old key AKIAEXAMPLEMW5RXN3HC" in page
    assert "It is in its grace until Wed 25 Nov 2026, 10:00" in page
    assert "AWS wasn’t asked yet" in page  # noqa: RUF001 - as the page has it
    assert "AWS tells only the newest use, at times hours late" in page


def test_says_where_and_when_the_old_key_was_used(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 38 * DAY)
    turned.succeeded(session, billing, at=START - 8 * DAY)
    old = session.query(turned.AccessKey).filter_by(state=KeyState.RETIRING.value).one()
    old.last_used_at, old.last_used_service, old.last_used_region = START - timedelta(minutes=26), "s3", "eu-west-1"
    add_use(session, old.id, START - timedelta(minutes=26), "s3", "eu-west-1", START)
    old.asked_at, old.quiet_at = START, START + DAY
    page = text(bob_client.get(URL))
    assert "but AWS has reported uses since the turn" in page
    assert "s3 in eu-west-1" in page
    assert "26 min ago" in page
    assert "Wed 25 Nov 2026, 12:00, if no further use is reported" in page


def test_says_why_the_old_key_can_not_be_ended(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 38 * DAY)
    turned.succeeded(session, billing, at=START - 8 * DAY)
    old = session.query(turned.AccessKey).filter_by(state=KeyState.RETIRING.value).one()
    old.error_code, old.error_facts = "not_permitted", {"action": "iam:DeleteAccessKey", "user": "billing-api"}
    page = bob_client.get(URL).text
    assert page.count("The manager may not call iam:DeleteAccessKey on billing-api") == 1
    assert "Policy to copy" in page


def test_shows_the_rotation_that_runs(bob_client, session, billing):
    made = turned.rotation(session, billing, state=State.CREATING.value, started_at=START, lease_until=START + DAY)
    turned.steps(session, made, StepName.CREATE, ends="runs")
    page = bob_client.get(URL).text
    assert f'id="rotation-{made.id}" hx-get=' in page
    assert "Creating" in page
    assert 'aria-describedby="why-not"' in page


def test_hears_of_a_rotation_that_somebody_else_started(bob_client, session, billing):
    turned.failed(session, billing, "throttled")
    poll = re.search(r'id="news"\s+hx-get="([^"]+)"', bob_client.get(URL).text)[1]
    assert bob_client.get(poll, htmx=True).status_code == 204
    made = turned.rotation(session, billing, trigger="schedule", requested_by="schedule")
    news = bob_client.get(poll, htmx=True).text
    assert news.lstrip().startswith('<div id="news"')
    assert '<div hx-swap-oob="true" id="progress">' in news
    assert f'id="rotation-{made.id}"' in news
    assert 'id="strategy-head"' in news


def test_hears_that_the_old_key_is_gone(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 38 * DAY)
    turned.succeeded(session, billing, at=START - 8 * DAY)
    poll = re.search(r'id="news"\s+hx-get="([^"]+)"', bob_client.get(URL).text)[1]
    assert bob_client.get(poll, htmx=True).status_code == 204
    turned.deleted(session, session.query(turned.AccessKey).filter_by(state=KeyState.RETIRING.value).one())
    news = bob_client.get(poll, htmx=True).text
    assert '<div hx-swap-oob="true" id="old-key"></div>' in news
    assert 'id="progress"' not in news
    poll = re.search(r'id="news"\s+hx-get="([^"]+)"', news)[1]
    assert bob_client.get(poll, htmx=True).status_code == 204
    assert bob_client.get(poll).location == URL


def test_hears_that_somebody_deleted_the_strategy_and_asks_no_more(bob_client, alice_client, session, billing):
    made = turned.rotation(session, billing)
    record(
        session, at=START, actor="bob", action=Action.ROTATION_REQUEST, thing="billing-api", strategy_id=billing.id,
        project_id=billing.project_id, rotation=made.id,
    )  # fmt: skip
    page = bob_client.get(URL).text
    news = re.search(r'id="news"\s+hx-get="([^"]+)"', page)[1]
    progress = re.search(r'id="rotation-\d+" hx-get="([^"]+)"', page)[1]
    assert alice_client.post(f"{URL}/delete", data={"keys": "keep"}).status_code == 303
    for poll in (news, progress, f"{URL}/old-key?key=x"):
        answer = bob_client.get(poll, htmx=True)
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (286, "#main"), poll
        assert "The strategy of billing-api was deleted By alice, Tue 24 Nov 2026, 12:00:00 UTC" in text(answer)
        assert "hx-trigger" not in answer.text
    assert bob_client.get(news).status_code == 404
    assert bob_client.get(f"{URL[:-1]}2/news", htmx=True).status_code == 404
    assert bob_client.get("/projects/payments/rotations/4711/progress", htmx=True).status_code == 404


def test_what_asks_for_itself_is_no_sign_of_a_person(bob_client, session, clock, billing):
    page = bob_client.get(URL).text
    assert re.search(r'id="news"[^>]*hx-headers=.{"Keyturn-Poll": "yes"}', page)
    seen = session.query(UserSession.seen_at).scalar()
    clock.advance(600)
    bob_client.get(f"{URL}/news", htmx=True, headers={"Keyturn-Poll": "yes"})
    session.expire_all()
    assert session.query(UserSession.seen_at).scalar() == seen
    bob_client.get(URL)
    assert session.query(UserSession.seen_at).scalar() > seen


def test_says_that_it_is_being_deleted(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 8 * DAY)
    billing.deleting_at, billing.due_at = START, None
    page = bob_client.get(URL).text
    assert "AWS deletes the keys of this strategy, then it goes away" in page
    assert "This strategy is being deleted." in page
    assert "/edit" not in page


@pytest.mark.parametrize("path", ["", "/timeline", "/rotations", "/news"])
def test_a_stranger_finds_nothing(charlie_client, bob_client, billing, path):
    assert charlie_client.get(URL + path).status_code == 404
    assert charlie_client.get(f"/projects/data-platform/strategies/1{path}").status_code == 404
    assert bob_client.get(f"/projects/payments/strategies/2{path}").status_code == 404
    assert bob_client.get(f"/projects/payments/strategies/99999999999999999999{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "/timeline", "/rotations", "/news"])
def test_refuses_other_methods(bob_client, billing, path):
    assert bob_client.post(URL + path).status_code == 405


def test_foreign_keys_are_told_with_their_last_use(bob_client, session, billing):
    billing.foreign_keys = [
        {
            "access_key_id": "AKIAEXAMPLEFOREIGN00", "created_at": "2026-11-01T12:00:00+00:00", "status": "Active",
            "used_at": "2026-11-23T12:00:00+00:00", "service": "s3", "region": "eu-west-1",
        }
    ]  # fmt: skip
    session.commit()
    page = bob_client.get(URL).text
    assert "AKIAEXAMPLEFOREIGN00" in page
    assert "Keyturn never touches it" in page
    row = bob_client.get("/projects/payments/strategies").text
    assert 'href="/projects/payments/strategies/1#foreign">AKIA…GN00' in row
    assert "last used <time" in row
