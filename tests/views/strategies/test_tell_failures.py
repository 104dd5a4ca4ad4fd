"""Every failure of the closed list, told on the row, the strategy's page and the rotation's."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from models import AccessKey, KeyState, StepName
from rotation.failures import FAILURES
from tests import turned
from tests.fake_clock import START
from views.shown.failure import WAYS, Way

DAY = timedelta(days=1)
FACTS = {
    "user": "billing-api", "account": "111122223333", "key": "AKIAEXAMPLEMW5RXN3HC", "manager": "key-manager",
    "connection": "prod-manager", "action": "iam:CreateAccessKey",
    "arn": "arn:aws:iam::111122223333:user/deploy/billing-api", "until": "2026-11-24T13:05:00+00:00", "service": "S3",
    "said": "InvalidClientTokenId", "endpoint": "iam.amazonaws.com", "tries": "8 of 8", "other": "ledger",
    "known": "AKIAEXAMPLEMW5RXN3HC", "unknown": "Made by someone else: AKIAEXAMPLEOTHER0001.",
    "request_id": "91be77f0-2c4d",
}  # fmt: skip
LINKS = {
    Way.CONNECTION: "/projects/payments/connections/prod-manager",
    Way.EDIT: "/projects/payments/strategies/1/edit",
    Way.POLICY: "/projects/payments/strategies/1/edit#policy",
    Way.STRATEGIES: "/projects/payments/strategies",
    Way.OLD_KEY: "/projects/payments/strategies/1#old-key",
    Way.COPIES: "/projects/payments/strategies/1#copies",
}


def words(answer):
    told = answer.text.replace("</dt>", ": ")
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", told)))


def told(code):
    facts = FACTS | {"until": "Tue 24 Nov 2026, 13:05:00"}
    return FAILURES[code].tell(facts)


@pytest.fixture
def failed(session, billing):
    def make(code):
        turned.succeeded(session, billing, at=START - 8 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
        made = turned.failed(session, billing, code, facts=FACTS)
        turned.steps(session, made, StepName.CREATE, ends="failed")
        return made

    return make


@pytest.mark.parametrize("code", FAILURES)
def test_the_row_leads_to_the_cause(bob_client, failed, code):
    made = failed(code)
    page = bob_client.get("/projects/payments/strategies")
    assert told(code).heading in words(page)
    assert told(code).what_to_do in words(page)
    assert f'href="/projects/payments/rotations/{made.id}">What happened' in page.text


@pytest.mark.parametrize("code", FAILURES)
@pytest.mark.parametrize("page", ["strategies/1", "rotations/{id}"])
def test_the_page_tells_what_it_means_why_and_what_to_do(bob_client, failed, code, page):
    made = failed(code)
    answer = bob_client.get(f"/projects/payments/{page.format(id=made.id)}")
    expected = told(code)
    seen = words(answer)
    for text in (expected.heading, expected.why, expected.what_to_do, expected.command):
        assert text in seen
    assert "For programs: Nothing changed. Programs read AKIA…N3HC." in seen
    assert bool(expected.command) == ("AWS CLI" in seen.partition("For any AWS SDK")[0])
    if code in WAYS:
        assert f'class="btn btn-sm" href="{LINKS[WAYS[code]]}"' in answer.text


@pytest.mark.parametrize("code", FAILURES)
def test_the_old_key_tells_why_it_can_not_be_ended(bob_client, session, billing, code):
    turned.succeeded(session, billing, at=START - 38 * DAY)
    turned.succeeded(session, billing, at=START - 8 * DAY)
    old = session.query(turned.AccessKey).filter_by(state=KeyState.RETIRING.value).one()
    old.error_code, old.error_facts = code, FACTS
    page = words(bob_client.get("/projects/payments/strategies/1"))
    assert told(code).heading in page
    assert told(code).what_to_do in page


def test_a_key_that_may_be_lost_is_told_until_it_is_found(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 8 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    lost = turned.key(session, billing, None, KeyState.LOST)
    for page in ("strategies", "strategies/1"):
        seen = words(bob_client.get(f"/projects/payments/{page}"))
        assert "AWS may have made a key whose secret nobody knows" in seen
        assert "Never delete AKIAEXAMPLEMW5RXN3HC" in seen
    lost.look_at = START
    assert "nobody knows" not in words(bob_client.get("/projects/payments/strategies"))


@pytest.mark.parametrize("code", ["answer_lost", "two_keys"])
def test_names_no_key_before_one_was_published(bob_client, session, billing, code):
    facts = {name: text for name, text in FACTS.items() if name != "key"}
    made = turned.failed(session, billing, code, facts=facts)
    turned.key(session, billing, made, KeyState.LOST, error_code="answer_lost", error_facts={**facts, "key": ""})
    for page in ("strategies", "strategies/1", f"rotations/{made.id}"):
        seen = words(bob_client.get(f"/projects/payments/{page}"))
        assert "Never delete one that is in use." in seen
        assert "which programs read" not in seen
        assert "Never delete ," not in seen
    made.state, made.error_code = "succeeded", ""
    assert "Never delete one that is in use." in words(bob_client.get("/projects/payments/strategies/1"))


def test_a_second_key_that_is_to_be_taken_over_only_waits_for_a_rotation(bob_client, session, billing):
    failed = turned.failed(session, billing, "two_keys", facts=FACTS)
    pages = ("strategies", "strategies/1", f"rotations/{failed.id}")
    billing.existing_key_id = "AKIAEXAMPLEOTHER0001"
    for page in pages:
        seen = words(bob_client.get(f"/projects/payments/{page}"))
        assert "Rotate again: AKIAEXAMPLEOTHER0001 is taken over then." in seen
        assert "delete the key that nobody uses" not in seen
    turned.succeeded(session, billing, at=START - 8 * DAY, key_id="AKIAEXAMPLEOTHER0001")
    turned.failed(session, billing, "two_keys", facts=FACTS)  # a third one, then
    assert "delete the key that nobody uses" in words(bob_client.get("/projects/payments/strategies"))


def test_a_lost_key_that_a_person_must_find_names_the_one_in_use(bob_client, session, billing):
    turned.succeeded(session, billing, at=START - 8 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.key(session, billing, None, KeyState.LOST, error_code="answer_lost", error_facts={"key": ""}, look_at=START)
    seen = words(bob_client.get("/projects/payments/strategies"))
    assert "Never delete AKIAEXAMPLEMW5RXN3HC, which programs read." in seen


def test_the_steps_say_which_failed(bob_client, failed):
    made = failed("two_keys")
    page = bob_client.get(f"/projects/payments/rotations/{made.id}")
    assert "kt-step-bad" in page.text
    assert words(page).count("Not reached.") == 2


def test_says_when_it_is_tried_again(bob_client, session, billing, failed):
    made = failed("throttled")
    billing.retry_at = START + timedelta(minutes=5)
    for page in ("strategies/1", f"rotations/{made.id}"):
        assert "By itself: Tries again in 5 min." in words(bob_client.get(f"/projects/payments/{page}"))
    assert "tries again" in words(bob_client.get("/projects/payments/strategies"))


def test_an_earlier_failure_does_not_speak_of_the_future(bob_client, session, billing, failed):
    made = failed("throttled")
    turned.succeeded(session, billing, at=START + timedelta(seconds=30))
    page = words(bob_client.get(f"/projects/payments/rotations/{made.id}"))
    assert "By itself" not in page
    assert "Nothing changed by it. Programs read AKIA" in page


def test_says_so_when_no_key_was_published_yet(bob_client, session, billing):
    made = turned.failed(session, billing, "no_such_user", facts=FACTS)
    page = words(bob_client.get(f"/projects/payments/rotations/{made.id}"))
    assert "Programs read what the two secrets hold; no key was published yet." in page


def test_says_after_a_failure_too_that_aws_refuses_what_programs_read(bob_client, session, failed):
    made = failed("two_keys")
    session.query(AccessKey).filter_by(state="active").one().error_code = "published_key_inactive"
    for page in ("strategies", "strategies/1", f"rotations/{made.id}"):
        assert ", and their calls fail." in words(bob_client.get(f"/projects/payments/{page}"))
