"""One thing done to many strategies: chosen, confirmed once with their number, done to each, watched."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import Action, AuditEntry, Batch, BatchItem, Rotation, RotationStrategy
from rotation.many import batches
from tests import turned
from tests.fake_clock import START

LIST = "/projects/payments/strategies"
URL = f"{LIST}/bulk"
DAY = timedelta(days=1)


@pytest.fixture
def three(session, keyring, payments, billing) -> list[RotationStrategy]:
    made = [turned.strategy(session, keyring, payments, name) for name in ("mailer", "reports")]
    session.commit()
    return [billing, *made]


def heading(answer) -> str:
    return re.sub(r"<[^>]+>", "", re.search(r"<h2.*?</h2>", answer.text, re.DOTALL)[0]).strip()


def entries(session, action):
    return session.scalars(select(AuditEntry).where(AuditEntry.action == action.value)).all()


def test_the_list_offers_it(bob_client, three):
    page = bob_client.get(f"{LIST}?q=er").text
    assert 'aria-label="Choose mailer"' in page
    assert "All 1 found" in page
    assert '<input type="hidden" name="q" value="er">' in page


def test_a_tick_outlives_the_poll(bob_client, three):
    page = bob_client.get(f"{LIST}?chosen=2&chosen=3&all=yes", htmx=True).text
    assert (
        re.findall(r'id="choose-(\w+)"[^>]*checked', page) == ["all", "2", "3"]
        or len(re.findall(r'id="choose-\w+"[^>]* checked', page)) == 3
    )
    assert "chosen" not in re.search(r'hx-get="([^"]+seen=[^"]+)"', page)[1]


def test_rotates_those_that_are_ticked(bob_client, session, sent, three):
    asked = bob_client.get(f"{URL}?deed=rotate&chosen=1&chosen=3", htmx=True)
    assert heading(asked) == "Rotate 2 keys"
    answer = bob_client.post(URL, data={"deed": "rotate", "chosen": ["1", "3"], "number": "2"})
    assert (answer.status_code, answer.location) == (303, LIST)
    rotations = session.scalars(select(Rotation).order_by(Rotation.strategy_id)).all()
    assert [(each.strategy_id, each.requested_by) for each in rotations] == [(1, "bob"), (3, "bob")]
    assert sent.rotations == [each.id for each in rotations]
    assert [entry.actor for entry in entries(session, Action.ROTATION_REQUEST)] == ["bob", "bob"]


def test_rotates_all_that_the_search_finds(bob_client, session, sent, three):
    answer = bob_client.get(f"{URL}?deed=rotate&all=yes&q=mailer&chosen=1")
    assert heading(answer) == "Rotate 1 key"
    bob_client.post(URL, data={"deed": "rotate", "all": "yes", "q": "mailer", "number": "1"})
    assert session.scalars(select(Rotation.strategy_id)).all() == [2]


def test_asks_again_when_the_number_has_changed(bob_client, session, sent, three):
    answer = bob_client.post(URL, data={"deed": "rotate", "all": "yes", "number": "2"})
    assert answer.status_code == 422
    assert heading(answer) == "Rotate 3 keys"
    assert "By now it is about 3 keys" in answer.text
    assert session.scalars(select(Rotation)).all() == []


def test_says_which_wait_for_their_old_key(bob_client, session, three):
    turned.succeeded(session, three[0], at=START - 2 * DAY)
    turned.succeeded(session, three[0], at=START - DAY / 2)
    turned.rotation(session, three[1])
    text = bob_client.get(f"{URL}?deed=rotate&all=yes").text
    assert "1 of them still has its old key" in text
    assert "1 rotates already" in text


def test_pauses_and_resumes(bob_client, session, sent, three):
    three[2].interval_s = three[2].due_at = None
    session.commit()
    asked = bob_client.get(f"{URL}?deed=pause&all=yes")
    assert heading(asked) == "Pause 2 schedules"
    assert "1 of the 3 chosen is left out" in asked.text
    bob_client.post(URL, data={"deed": "pause", "all": "yes", "number": "2", "how": "open"})
    assert [(each.paused_by, each.paused_until) for each in three] == [("bob", None), ("bob", None), ("", None)]
    assert [entry.thing for entry in entries(session, Action.STRATEGY_PAUSE)] == ["billing-api", "mailer"]
    assert heading(bob_client.get(f"{URL}?deed=resume&all=yes")) == "Resume 2 schedules"
    bob_client.post(URL, data={"deed": "resume", "all": "yes", "number": "2"})
    assert [each.paused_at for each in three] == [None, None, None]
    assert len(entries(session, Action.STRATEGY_RESUME)) == 2


def test_pauses_until_a_date_in_the_readers_zone(bob_client, bob, session, sent, three):
    bob.time_zone = "Europe/Berlin"
    session.commit()
    form = {"deed": "pause", "all": "yes", "number": "3", "how": "until", "until": "2026-12-24T18:00"}
    assert bob_client.post(URL, data=form | {"until": "2020-01-01T00:00"}).status_code == 422
    assert bob_client.post(URL, data=form | {"until": ""}).status_code == 422
    assert three[0].paused_at is None
    bob_client.post(URL, data=form)
    assert {each.paused_until for each in three} == {datetime(2026, 12, 24, 17, tzinfo=UTC)}


def test_changes_the_schedule(bob_client, session, sent, three):
    assert heading(bob_client.get(f"{URL}?deed=schedule&chosen=1&chosen=2")) == "Change 2 schedules"
    form = {
        "deed": "schedule", "chosen": ["1", "2"], "number": "2", "repeat": "every", "interval": "10",
        "interval_unit": "days", "zone": "UTC", "spread": "0",
    }  # fmt: skip
    bob_client.post(URL, data=form)
    assert [each.interval_s for each in three] == [10 * 86_400, 10 * 86_400, 30 * 86_400]
    assert three[0].due_at != START + 30 * DAY
    assert [entry.detail for entry in entries(session, Action.STRATEGY_CHANGE)] == [
        {"interval_s": "2592000 to 864000"}, {"interval_s": "2592000 to 864000"}
    ]  # fmt: skip


def test_refuses_a_schedule_that_leaves_an_old_key_no_time(bob_client, session, three):
    three[1].grace_s = 20 * 86_400
    session.commit()
    form = {
        "deed": "schedule", "all": "yes", "number": "3", "repeat": "every", "interval": "10", "interval_unit": "days",
        "zone": "UTC", "spread": "0",
    }  # fmt: skip
    answer = bob_client.post(URL, data=form)
    assert answer.status_code == 422
    assert "Too short for 1 of 3" in answer.text
    assert session.scalars(select(Batch)).all() == []


def previewed(client, **changed):
    """The moments that are shown, and the hint below them."""
    form = {
        "deed": "schedule", "all": "yes", "number": "3", "repeat": "every", "interval": "10", "interval_unit": "days",
        "zone": "UTC", "spread": "0", **changed,
    }  # fmt: skip
    answer = client.post(f"{URL}/preview", data=form, htmx=True)
    assert answer.status_code == 200
    shown = re.search(r'<div id="next-times"[^>]* hx-swap-oob="true".*?</div>', answer.text, re.DOTALL)[0]
    moments = [datetime.fromisoformat(found) for found in re.findall(r'datetime="([^"]+)"', shown)]
    return moments, re.findall(r'form-hint">([^<]+)', shown), answer.text


def test_shows_the_next_times_of_the_first_to_turn(bob_client, session, three):
    turned.succeeded(session, three[0], at=START - 4 * DAY)
    turned.succeeded(session, three[1], at=START - 2 * DAY)
    three[2].created_at = START - 3 * DAY
    session.commit()
    moments, hints, _ = previewed(bob_client)
    assert moments == [START + days * DAY for days in (6, 16, 26, 36, 46)]
    (hint,) = hints
    assert hint.endswith("These are the times of the first to turn; the others begin up to 2 d later.")
    moments, hints, _ = previewed(bob_client, interval="3")
    assert moments[0] == START


def test_shows_the_next_times_that_all_share(bob_client, three):
    moments, hints, _ = previewed(bob_client, repeat="cron", cron="0 3 1 * *", spread="30")
    assert [(moment.month, moment.day, moment.hour) for moment in moments[:2]] == [(12, 1, 3), (1, 1, 3)]
    assert len(moments) == 5
    assert hints == ["Each up to 30 minutes later."]


def test_shows_no_times_of_what_does_not_turn_by_itself(bob_client, session, three):
    assert previewed(bob_client, repeat="button")[:2] == ([], [])
    for each in three:
        each.paused_at = START
    session.commit()
    assert previewed(bob_client)[:2] == (
        [], ["All of them are paused: nothing turns by itself until they are resumed."]
    )  # fmt: skip


def test_says_while_typing_what_can_not_be(bob_client, three):
    moments, _, news = previewed(bob_client, repeat="cron", cron="0 3 1")
    assert moments == []
    assert re.search(r'id="cron-error"[^>]*hx-swap-oob', news)
    moments, _, news = previewed(bob_client, interval="1", interval_unit="hours")
    assert moments == []
    assert "Too short for 3 of 3" in news


def test_the_dialog_begins_with_the_next_times(bob_client, three):
    asked = bob_client.get(f"{URL}?deed=schedule&all=yes", htmx=True).text
    assert asked.count("<time") == 5
    assert f'hx-post="{URL}/preview"' in asked
    again = bob_client.post(f"{URL}/preview", data={"deed": "schedule", "all": "yes", "repeat": "button"})
    assert heading(again) == "Change 3 schedules"
    assert 'class="kt-error"' not in again.text
    assert bob_client.post(f"{URL}/preview", data={"deed": "rotate", "all": "yes"}).status_code == 400


def test_tells_how_far_it_is(bob_client, session, sent, clock, three):
    bob_client.post(URL, data={"deed": "rotate", "all": "yes", "number": "3"})
    first, second, _ = session.scalars(select(Rotation).order_by(Rotation.id)).all()
    first.state, first.ended_at = "succeeded", clock.now()
    second.state, second.ended_at, second.error_code = "failed", clock.now(), "throttled"
    session.commit()
    assert "2 of 3" in bob_client.get(LIST).text
    line = bob_client.get(f"{URL}/1", htmx=True).text
    assert "1 failed" in line
    assert "every 2s" in line
    for rotation in session.scalars(select(Rotation)):
        rotation.state, rotation.ended_at = "succeeded", clock.now()
    session.commit()
    line = bob_client.get(f"{URL}/1", htmx=True).text
    assert "3 of 3" in line
    assert "every" not in line
    clock.advance(601)
    assert "3 of 3" not in bob_client.get(LIST).text


def test_workers_do_what_is_many(bob_client, session, sent, clock, keyring, payments, monkeypatch):
    monkeypatch.setattr("views.bulk.asking._DONE_AT_ONCE", 2)
    for number in range(5):
        turned.strategy(session, keyring, payments, f"user-{number}")
    session.commit()
    bob_client.post(URL, data={"deed": "pause", "all": "yes", "number": "5", "how": "open"})
    assert sent.batches == [1]
    assert batches.unfinished(session) == [1]
    assert len(entries(session, Action.STRATEGY_PAUSE)) == 2
    assert list(batches.work(session, 1, clock.now)) == [None, None, None]
    assert batches.unfinished(session) == []
    assert len(entries(session, Action.STRATEGY_PAUSE)) == 5


def test_one_that_is_gone_keeps_none_of_the_others_away(session, clock, three):
    batch = Batch(project_id=three[0].project_id, deed="rotate", at=START, by="bob")
    three[1].deleting_at = START
    batches.start(session, batch, [1, 2, 3, 99])
    session.commit()
    assert [each and each.strategy_id for each in batches.work(session, batch.id, clock.now)] == [1, None, 3, None]
    assert session.scalars(select(BatchItem.rotation_id).order_by(BatchItem.strategy_id)).all() == [1, None, 2, None]


@pytest.mark.parametrize("deed", ["rotate", "pause", "resume", "schedule"])
def test_says_when_nothing_is_chosen(bob_client, three, deed):
    assert "Tick the boxes" in bob_client.get(f"{URL}?deed={deed}").text


def test_refuses_strangers_other_projects_other_sites_and_nonsense(bob_client, charlie_client, session, three):
    form = {"deed": "rotate", "chosen": "1", "number": "1"}
    assert charlie_client.get(f"{URL}?deed=rotate&chosen=1").status_code == 404
    assert charlie_client.post(URL, data=form).status_code == 404
    assert charlie_client.post("/projects/data-platform/strategies/bulk", data=form).status_code == 422
    assert bob_client.post(URL, data=form, csrf=False).status_code == 400
    assert bob_client.post(URL, data=form | {"deed": "delete"}).status_code == 400
    assert bob_client.get(f"{URL}?deed=rotate&chosen=99999999999").status_code == 404
    assert bob_client.get(f"{URL}/7").status_code == 404
    assert session.scalars(select(Rotation)).all() == []


def test_nobody_watches_the_batch_of_another_project(bob_client, charlie_client, session, sent, three):
    bob_client.post(URL, data={"deed": "rotate", "all": "yes", "number": "3"})
    assert charlie_client.get("/projects/data-platform/strategies/bulk/1", htmx=True).status_code == 404
    assert bob_client.get(f"{URL}/1").location == LIST
