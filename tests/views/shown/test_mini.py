from __future__ import annotations

from datetime import timedelta

from models import KeyState
from tests.views.shown.made import DAY, NOW, current_key, key, old_key
from views.shown.picture.mini import MOST_KEYS, NOW_X, WIDTH, draw
from views.shown.picture.spans import Stretch

MONTH_S = 30 * 86_400


def picture(*keys, interval_s=MONTH_S, next_turn=None, failed_at=None):
    return draw(keys, NOW, next_turn=next_turn, interval_s=interval_s, failed_at=failed_at)


def test_shows_the_last_ninety_days_with_now_at_three_quarters():
    drawn = picture(current_key(), old_key(), next_turn=NOW + 22 * DAY)
    assert drawn.is_usual
    current = next(bar for bar in drawn.bars if bar.stretch is Stretch.CURRENT)
    assert (current.x, current.x + current.width) == (114.8, NOW_X)
    assert {bar.stretch for bar in drawn.bars} == {Stretch.CURRENT, Stretch.PLAN, Stretch.PAST, Stretch.GRACE}


def test_keys_that_overlap_stand_in_two_lanes():
    drawn = picture(current_key(), old_key())
    assert {bar.stretch: bar.y for bar in drawn.bars} == {Stretch.CURRENT: 3, Stretch.PAST: 11, Stretch.GRACE: 11}


def test_reaches_back_less_for_a_strategy_that_turns_often():
    drawn = picture(current_key(), interval_s=120)
    assert (drawn.past.word, drawn.is_usual) == ("hour", False)


def test_nothing_leaves_the_picture():
    taken_over = old_key(rotation_id=None, published_at=None)
    drawn = picture(current_key(), taken_over, next_turn=NOW + 900 * DAY)
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH + 1 for bar in drawn.bars)


def test_draws_no_more_keys_than_can_be_told_apart():
    many = [old_key(intent_at=NOW - number * DAY, published_at=NOW - 60 * DAY) for number in range(40)]
    assert len({id(bar) for bar in picture(*many).bars if bar.stretch is Stretch.PAST}) == MOST_KEYS


def test_says_the_same_in_words():
    assert picture().words == "No key turned yet"
    assert picture(key(KeyState.CREATED)).words == "No key turned yet"
    assert picture(current_key(), old_key()).words == (
        "Keys of the last 90 days: turned 1 mo 7 d ago and 8 d ago; an old key is still valid"
    )
    assert picture(current_key(published_at=NOW - 131 * DAY)).words == (
        "Keys of the last 90 days: one key, not turned in this time"
    )
    often = [current_key(published_at=NOW - number * timedelta(minutes=2)) for number in range(9)]
    assert picture(*often, interval_s=120).words == "Keys of the last hour: turned 9 times, last 0 s ago"


def test_shows_a_failed_attempt_of_this_time():
    drawn = picture(current_key(), failed_at=NOW - timedelta(minutes=21))
    assert drawn.failed
    assert drawn.words.endswith("; an attempt failed 21 min ago")
    assert not picture(current_key(), failed_at=NOW - 91 * DAY).failed
