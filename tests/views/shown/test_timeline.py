from __future__ import annotations

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from models import KeyState
from tests.views.shown.made import DAY, NOW, current_key, key, old_key
from views.shown.picture.axis import NOW_AT, RANGES, Scene, offered, ticks
from views.shown.picture.spans import Stretch
from views.shown.picture.timeline import MOST_LANES, Mark, draw

BERLIN = ZoneInfo("Europe/Berlin")
BY_KEY = {one.key: one for one in RANGES}


def scene(range_key="12w", next_turn=None, zone=UTC):
    return Scene(BY_KEY[range_key], NOW, zone, next_turn)


def lane(of, **where):
    (only,) = draw([of], scene(**where)).lanes
    return only


def percent(moment, range_key="12w"):
    length = BY_KEY[range_key].length
    return pytest.approx(100 * (NOW_AT + (moment - NOW) / length), abs=0.01)


def stretches(of):
    return [bar.stretch for bar in of.bars]


def marks(of):
    return [point.mark for point in of.points]


def test_the_current_key_is_a_bar_from_publication_to_now_and_a_planned_one_to_the_next_turn():
    drawn = lane(current_key(), next_turn=NOW + 22 * DAY)
    now, planned = drawn.bars
    assert (now.stretch, now.x, now.x + now.width) == (Stretch.CURRENT, percent(NOW - 8 * DAY), percent(NOW))
    assert (planned.stretch, planned.x, planned.x + planned.width) == (
        Stretch.PLAN, percent(NOW), percent(NOW + 22 * DAY),
    )  # fmt: skip
    assert drawn.caption == "Current, 8 d old"
    assert "next turn planned 16 December 2026 12:00:00" in drawn.words


def test_an_old_key_shows_its_grace_and_its_last_use():
    used = NOW - timedelta(minutes=26)
    drawn = lane(old_key(last_used_at=used, last_used_service="s3", last_used_region="eu-west-1"))
    assert stretches(drawn) == [Stretch.PAST, Stretch.GRACE]
    assert marks(drawn) == [Mark.PUBLISHED, Mark.GRACE_ENDS, Mark.USED]
    (text,) = drawn.texts
    assert (text.words, text.warn) == ("last used 26 min ago, S3 in eu-west-1", True)
    assert "last used 24 November 2026 11:34:00, S3 in eu-west-1" in drawn.words


def test_an_old_key_is_planned_to_stay_as_long_as_its_grace_or_quiet_time():
    drawn = lane(old_key(retire_at=NOW + DAY, quiet_at=NOW + 2 * DAY))
    assert stretches(drawn) == [Stretch.PAST, Stretch.GRACE, Stretch.PLAN]
    assert drawn.bars[-1].x + drawn.bars[-1].width == percent(NOW + 2 * DAY)


def test_an_old_key_that_a_person_has_ended_has_no_future():
    drawn = lane(old_key(retire_at=NOW + DAY, ended_by="bob"))
    assert Stretch.PLAN not in stretches(drawn)
    assert Mark.GRACE_ENDS not in marks(drawn)


def test_a_deleted_key_ends_in_a_cross():
    gone = old_key(deleted_at=NOW - 4 * DAY, deactivated_at=NOW - 5 * DAY)
    gone.state = KeyState.DELETED.value
    drawn = lane(gone)
    assert stretches(drawn) == [Stretch.PAST, Stretch.GRACE, Stretch.OFF]
    assert marks(drawn)[-1] == Mark.DELETED
    assert drawn.caption == "Deleted 20 Nov"


def test_a_key_that_was_taken_over_was_there_before_the_picture_begins():
    drawn = lane(current_key(rotation_id=None, published_at=None, created_at=None))
    assert drawn.bars[0].x == 0
    assert drawn.caption == "Current, taken over"
    assert drawn.words.startswith("there before Keyturn")


@pytest.mark.parametrize(
    ("state", "columns", "caption", "mark"),
    [
        (KeyState.PENDING, {"access_key_id": None}, "Being made", Mark.NEW),
        (KeyState.CREATED, {"created_at": NOW}, "New, nobody reads it yet", Mark.NEW),
        (KeyState.LOST, {"access_key_id": None}, "Lost: AWS may have made it", Mark.LOST),
        (KeyState.DELETED, {"deleted_at": NOW}, "Never read, deleted 12:00:00", Mark.NEW),
    ],
)
def test_a_key_that_nobody_has_read_is_a_mark_without_a_bar(state, columns, caption, mark):
    drawn = lane(key(state, **columns))
    assert drawn.bars == ()
    assert marks(drawn)[0] == mark
    assert drawn.caption == caption


def test_keys_come_the_newest_first_and_only_those_of_the_range():
    gone = old_key(deleted_at=NOW - 80 * DAY)
    drawn = draw([old_key(), current_key(), gone], scene())
    assert [one.key.intent_at for one in drawn.lanes] == [NOW - 8 * DAY, NOW - 38 * DAY]
    assert drawn.turns == (percent(NOW - 8 * DAY), percent(NOW - 38 * DAY))


def test_says_when_there_are_more_keys_than_lanes():
    many = [old_key(intent_at=NOW - DAY * number) for number in range(MOST_LANES + 1)]
    drawn = draw(many, scene())
    assert (len(drawn.lanes), drawn.more) == (MOST_LANES, True)
    assert not draw(many[1:], scene()).more


@pytest.mark.parametrize("range_key", BY_KEY)
def test_nothing_leaves_the_picture(range_key):
    keys = [current_key(), old_key(last_used_at=NOW), key(KeyState.LOST), old_key(intent_at=NOW - 900 * DAY)]
    drawn = draw(keys, scene(range_key, next_turn=NOW + 22 * DAY))
    for one in drawn.lanes:
        assert all(0 <= bar.x <= 100 and bar.x + bar.width <= 100.3 for bar in one.bars)
        assert all(0 <= point.x <= 100 for point in one.points)
    assert all(0 <= line.x <= 100 for line in drawn.lines)


def test_ticks_stand_at_round_times_of_the_readers_zone():
    assert [tick.label for tick in ticks(scene("12w", zone=BERLIN))] == ["Oct", "Nov", "Dec"]
    months = ticks(scene("1y", zone=BERLIN))
    assert [tick.label for tick in months][:2] == ["May", "Jul"]
    assert "Jan 2027" in [tick.label for tick in months]
    first = ticks(scene("7d", zone=BERLIN))[0]
    assert (first.moment.hour, first.label) == (0, "Fri 20")
    assert [tick.label for tick in ticks(scene("10m", zone=BERLIN))] == ["12:54", "12:56", "12:58", "13:00", "13:02"]
    mondays = ticks(scene("30d", zone=BERLIN))
    assert all(tick.moment.weekday() == 0 for tick in mondays)
    assert [tick.label for tick in ticks(scene("24h"))] == ["00:00", "06:00", "12:00", "18:00"]
    assert [tick.label for tick in ticks(scene("1h"))] == ["11:30", "11:45", "12:00", "12:15"]


def test_the_label_of_now_has_room():
    lines = draw([current_key()], scene("7d")).lines
    now_x = 100 * NOW_AT
    assert all(line.label == "" for line in lines if now_x - 14 < line.x <= now_x)
    assert any(line.label for line in lines)


@pytest.mark.parametrize(
    ("interval", "data", "keys", "usual"),
    [
        (30 * DAY, None, ["30d", "12w", "1y"], "12w"),
        (7 * DAY, 90 * DAY, ["7d", "30d", "12w"], "30d"),
        (DAY, 10 * DAY, ["24h", "7d", "30d"], "7d"),
        (timedelta(minutes=2), timedelta(minutes=6), ["10m", "1h", "6h"], "10m"),
        (365 * DAY, None, ["30d", "12w", "1y"], "1y"),
        # The button was pressed a few times in a row: there is a range to see that.
        (30 * DAY, timedelta(minutes=5), ["10m", "12w", "1y"], "12w"),
        (None, None, ["30d", "12w", "1y"], "12w"),
        (None, timedelta(minutes=5), ["10m", "1h", "6h"], "1h"),
        (None, 60 * DAY, ["30d", "12w", "1y"], "1y"),
    ],
)
def test_offers_ranges_that_suit_how_often_the_strategy_turns(interval, data, keys, usual):
    ranges, shown = offered(interval, data)
    assert ([one.key for one in ranges], shown.key) == (keys, usual)
    assert shown in ranges
