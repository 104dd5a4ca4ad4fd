from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models import AccessKey, Action, AuditEntry, KeyState, Rotation
from tests import turned
from tests.conftest import PASSWORD
from tests.fake_clock import START

URL = "/projects/payments/strategies/1/old-key"
PAGE = "/projects/payments/strategies/1#old-key"
DAY = timedelta(days=1)


@pytest.fixture
def old(session, billing) -> AccessKey:
    """The strategy's old key, in its grace."""
    turned.succeeded(session, billing, at=START - 38 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.succeeded(session, billing, at=START - timedelta(hours=2))
    return session.query(AccessKey).filter_by(state=KeyState.RETIRING.value).one()


def fresh(session, old):
    session.refresh(old)
    return old


class TestEnd:
    def test_asks_once_more(self, bob_client, old):
        answer = bob_client.get(f"{URL}/end", htmx=True)
        assert answer.text.startswith('<div hx-swap-oob="innerHTML:#dialog">')
        assert "Retire the old key now?" in answer.text
        assert "AWS has reported no use of <code>AKIAEXAMPLEMW5RXN3HC</code>" in answer.text
        assert "<html" in bob_client.get(f"{URL}/end").text

    def test_says_when_it_is_still_used(self, bob_client, old):
        old.last_used_at, old.last_used_service, old.last_used_region = START - timedelta(minutes=5), "s3", "eu-west-1"
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", bob_client.get(f"{URL}/end").text))
        assert "Retire a key that is still used?" in text
        assert "was used 5 min ago for S3 in eu-west-1" in text

    def test_has_it_deleted(self, bob_client, session, sent, old):
        answer = bob_client.post(f"{URL}/end", data={"key": old.id, "sure": "yes"})
        assert (answer.status_code, answer.location) == (303, PAGE)
        assert (fresh(session, old).ended_by, old.look_at) == ("bob", START)
        assert sent.keys == [old.id]
        assert session.query(AuditEntry).filter_by(action=Action.KEY_END.value).one().actor == "bob"
        assert "bob retires it now: AWS is asked to deactivate it." in bob_client.get(PAGE).text

    def test_closes_the_dialog_and_watches_the_key_go(self, bob_client, session, sent, old):
        answer = bob_client.post(f"{URL}/end", data={"key": old.id, "sure": "yes"}, htmx=True)
        assert "close-dialog" in answer.headers["HX-Trigger"]
        poll = re.search(r'id="old-key"[^>]* hx-get="([^"]+)"', answer.text)[1]
        assert bob_client.get(poll, htmx=True).status_code == 204
        turned.deleted(session, old)
        gone = bob_client.get(poll, htmx=True).text
        assert gone.lstrip().startswith('<div id="old-key"></div>')
        assert "The old key is deleted at AWS." in gone
        assert 'id="timeline"' in gone

    def test_shows_why_it_can_not_be_deleted(self, bob_client, session, sent, old):
        answer = bob_client.post(f"{URL}/end", data={"key": old.id, "sure": "yes"}, htmx=True)
        poll = re.search(r'id="old-key"[^>]* hx-get="([^"]+)"', answer.text)[1]
        old.error_code, old.error_facts = "not_permitted", {"action": "iam:DeleteAccessKey", "user": "billing-api"}
        news = bob_client.get(poll, htmx=True).text
        assert "The manager may not call iam:DeleteAccessKey on billing-api" in news
        assert "hx-trigger" not in news

    def test_wants_to_be_sure(self, bob_client, session, sent, old):
        answer = bob_client.post(f"{URL}/end", data={"key": old.id}, htmx=True)
        assert answer.status_code == 422
        assert "Tick this" in answer.text
        assert fresh(session, old).ended_by == ""

    def test_asks_for_the_password_when_it_was_given_a_while_ago(self, bob_client, session, clock, sent, old):
        clock.advance(16 * 60)
        answer = bob_client.post(f"{URL}/end", data={"key": old.id, "sure": "yes"}, htmx=True)
        assert "Your password once more" in answer.text
        assert fresh(session, old).ended_by == ""
        bob_client.post(f"{URL}/end", data={"key": old.id, "sure": "yes", "confirm_password": PASSWORD}, htmx=True)
        assert fresh(session, old).ended_by == "bob"

    def test_ends_no_other_key_than_the_one_asked_about(self, bob_client, session, sent, old):
        for key in ("", "another"):
            assert bob_client.post(f"{URL}/end", data={"key": key, "sure": "yes"}).status_code == 404
        assert fresh(session, old).ended_by == ""


class TestKeep:
    def test_offers_a_day_more(self, bob_client, old):
        answer = bob_client.get(f"{URL}/keep", htmx=True)
        assert answer.text.startswith('<div hx-swap-oob="innerHTML:#dialog">')
        assert 'value="2026-11-26T10:00"' in answer.text
        assert "<html" in bob_client.get(f"{URL}/keep").text

    def test_keeps_it_longer(self, bob_client, session, sent, old):
        answer = bob_client.post(f"{URL}/keep", data={"key": old.id, "until": "2026-12-01T08:30"})
        assert (answer.status_code, answer.location) == (303, PAGE)
        assert fresh(session, old).retire_at == START.replace(month=12, day=1, hour=8, minute=30)
        assert sent.keys == [old.id]
        assert session.query(AuditEntry).filter_by(action=Action.KEY_KEEP_LONGER.value).one().actor == "bob"

    def test_the_rotation_that_the_page_still_shows_names_the_new_end(self, bob_client, session, billing, sent, old):
        made = session.query(Rotation).order_by(Rotation.id.desc()).first()
        poll = f"/projects/payments/rotations/{made.id}/progress?on=strategy"
        shown = bob_client.get(poll, htmx=True).text
        assert f'<input type="hidden" name="finished" value="{made.id}">' in shown
        form = {"key": old.id, "until": "2026-12-01T08:30", "finished": made.id}
        answer = bob_client.post(f"{URL}/keep", data=form, htmx=True).text
        assert re.search(rf'hx-swap-oob="true"[^>]* id="rotation-{made.id}"', answer)
        assert re.search(r"The old key works until <time[^>]*>Tue 1 Dec 2026, 08:30</time> at least", answer)
        news = bob_client.get(f"/projects/payments/strategies/1/news?finished={made.id}", htmx=True).text
        assert re.search(r"The old key works until <time[^>]*>Tue 1 Dec 2026, 08:30</time> at least", news)
        for finished in ("", "x", made.id + 1):
            assert f'id="rotation-{made.id}"' not in bob_client.post(
                f"{URL}/keep", data=form | {"finished": finished}, htmx=True
            ).text  # fmt: skip

    def test_takes_the_time_in_the_readers_zone(self, bob_client, session, bob, sent, old):
        bob.time_zone = "Europe/Berlin"
        assert "Time in Europe/Berlin (UTC+01:00)." in bob_client.get(f"{URL}/keep").text
        answer = bob_client.post(f"{URL}/keep", data={"key": old.id, "until": "2026-12-01T08:30"}, htmx=True)
        assert "Tue 1 Dec 2026, 08:30" in answer.text
        assert fresh(session, old).retire_at == START.replace(month=12, day=1, hour=7, minute=30)

    @pytest.mark.parametrize(
        ("until", "problem"),
        [
            ("", "A day and a time of day."),
            ("tomorrow", "Not a valid datetime value."),
            ("2026-11-24T11:59", "A time that is yet to come."),
            ("2028-01-01T00:00", "A time within a year"),
            ("9999-12-31T23:59", "A time within a year"),
            ("0001-01-01T00:00", "A time that is yet to come."),
        ],
    )
    def test_refuses_a_time_that_can_not_be_meant(self, bob_client, session, sent, old, until, problem):
        before = old.retire_at
        answer = bob_client.post(f"{URL}/keep", data={"key": old.id, "until": until}, htmx=True)
        assert answer.status_code == 422
        assert problem in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert fresh(session, old).retire_at == before

    def test_is_too_late_once_the_key_is_being_deleted(self, bob_client, old):
        old.ended_by = "ana"
        assert bob_client.post(f"{URL}/keep", data={"key": old.id, "until": "2026-12-01T08:30"}).status_code == 404


class TestAsk:
    def test_has_aws_asked_at_once(self, bob_client, session, sent, old):
        answer = bob_client.post(f"{URL}/check")
        assert (answer.status_code, answer.location) == (303, PAGE)
        assert fresh(session, old).look_at == START
        assert sent.keys == [old.id]

    def test_waits_for_the_answer(self, bob_client, session, clock, sent, old):
        answer = bob_client.post(f"{URL}/check", htmx=True)
        assert 'aria-busy="true"' in answer.text
        poll = re.search(r'id="old-key"[^>]* hx-get="([^"]+)"', answer.text)[1].replace("&amp;", "&")
        assert bob_client.get(poll, htmx=True).status_code == 204
        old.asked_at = clock.advance(1)
        news = bob_client.get(poll, htmx=True).text
        assert "no use at all" in news
        assert "hx-trigger" not in news
        assert "aria-busy" not in news

    def test_shows_an_error_and_gives_up_after_a_minute(self, bob_client, session, clock, sent, old):
        answer = bob_client.post(f"{URL}/check", htmx=True)
        poll = re.search(r'id="old-key"[^>]* hx-get="([^"]+)"', answer.text)[1].replace("&amp;", "&")
        old.error_code = "throttled"
        troubled = bob_client.get(poll, htmx=True).text
        assert "AWS throttles IAM calls" in troubled
        assert "Keyturn asks every" not in troubled
        old.error_code = ""
        clock.advance(61)
        assert bob_client.get(poll, htmx=True).status_code == 200

    def test_says_that_nobody_works(self, bob_client, sent, old, system):
        system.trouble = "workers"
        assert "No worker runs: AWS is asked later" in bob_client.post(f"{URL}/check", htmx=True).text

    def test_bad_marks_are_ignored(self, bob_client, old):
        assert bob_client.get(f"{URL}?key={old.id}&since=x", htmx=True).status_code == 200
        assert bob_client.get(f"{URL}?key={old.id}").location == PAGE


@pytest.mark.parametrize("path", ["", "/check", "/keep", "/end"])
def test_without_an_old_key_there_is_nothing_to_end(bob_client, billing, path):
    if path in {"/keep", "/end"}:
        assert bob_client.get(URL + path).status_code == 404
    if path:
        assert bob_client.post(URL + path).status_code == 404


@pytest.mark.parametrize("path", ["/check", "/keep", "/end"])
def test_refuses_strangers_other_methods_and_other_sites(bob_client, charlie_client, session, old, path):
    for client, url in (
        (charlie_client, URL),
        (charlie_client, "/projects/data-platform/strategies/1/old-key"),
        (bob_client, "/projects/payments/strategies/2/old-key"),
    ):
        assert client.post(url + path, data={"key": old.id, "sure": "yes"}).status_code == 404
        assert client.get(url).status_code == 404
    assert bob_client.post(URL + path, data={"key": old.id}, csrf=False).status_code == 400
    assert bob_client.put(URL + path).status_code == 405
    assert bob_client.get(f"{URL}/check").status_code == 405
    assert fresh(session, old).ended_by == ""
