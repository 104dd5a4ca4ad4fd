from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import RotationStrategy
from models.schedule import Schedule, Window, as_daily, cron_problem, daily

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)  # a Friday; clocks go forward on Sunday the 29th
WORKDAYS = frozenset({1, 2, 3, 4, 5})
NIGHTS = Window(WORKDAYS, time(22), time(6))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - UTC is added


def local(moment: datetime) -> str:
    return f"{moment.astimezone(BERLIN):%a %d %H:%M}"


def some(schedule: Schedule, count: int = 5) -> list[str]:
    return [local(moment) for moment in islice(schedule.times(NOW), count)]


def test_a_time_of_day_keeps_its_hour_when_clocks_change():
    assert some(Schedule(cron="30 3 * * *", zone=BERLIN), 4) == [
        "Sat 28 03:30",
        "Sun 29 03:30",
        "Mon 30 03:30",
        "Tue 31 03:30",
    ]


def test_an_hour_that_a_clock_change_skips_is_made_up_at_once():
    assert some(Schedule(cron="30 2 * * *", zone=BERLIN), 3) == ["Sat 28 02:30", "Sun 29 03:00", "Mon 30 02:30"]


def test_an_hour_that_comes_twice_counts_once():
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    times = list(islice(Schedule(cron="30 2 * * *", zone=BERLIN).times(before), 2))
    assert [local(moment) for moment in times] == ["Sun 25 02:30", "Mon 26 02:30"]


def test_missed_times_count_as_one():
    schedule = Schedule(cron="0 3 * * *", zone=BERLIN)
    assert local(schedule.after(NOW - timedelta(days=40), NOW)) == "Sat 28 03:00"


def test_an_interval_counts_from_the_last_rotation_and_is_due_when_that_is_long_ago():
    schedule = Schedule(timedelta(days=30))
    assert schedule.first(NOW - timedelta(days=10), NOW) == NOW + timedelta(days=20)
    assert schedule.first(NOW - timedelta(days=31), NOW) == NOW


def test_a_due_time_outside_of_the_window_waits_for_it():
    assert some(Schedule(timedelta(days=1), zone=BERLIN, window=NIGHTS), 3) == [
        "Mon 30 22:00",
        "Tue 31 22:00",
        "Wed 01 22:00",
    ]


def test_times_that_wait_for_the_same_opening_are_one():
    assert some(Schedule(cron="0 */4 * * *", zone=BERLIN, window=NIGHTS), 4) == [
        "Fri 27 22:00", "Sat 28 00:00", "Sat 28 04:00", "Mon 30 22:00",
    ]  # fmt: skip


def test_a_night_belongs_to_the_day_on_which_it_begins():
    saturday_morning = datetime(2026, 3, 28, 5, 59, tzinfo=BERLIN).astimezone(UTC)
    assert NIGHTS.opens(saturday_morning, BERLIN) == saturday_morning
    assert local(NIGHTS.opens(saturday_morning + timedelta(minutes=1), BERLIN)) == "Mon 30 22:00"


@given(MOMENTS)
def test_a_window_opens_at_its_earliest_and_stays_open(moment):
    opening = NIGHTS.opens(moment, BERLIN)
    assert moment <= opening == NIGHTS.opens(opening, BERLIN) < moment + timedelta(days=4)
    if opening > moment:
        assert NIGHTS.opens(opening - timedelta(minutes=1), BERLIN) == opening
    last = NIGHTS.last_open(moment, BERLIN)
    assert moment - timedelta(days=4) < last <= moment
    assert NIGHTS.opens(last, BERLIN) == last


BROKEN_UP = (
    Schedule(timedelta(hours=5), zone=BERLIN, window=NIGHTS),
    Schedule(cron="7 */3 * * 1-5", zone=BERLIN),
)


@given(MOMENTS, st.sampled_from(BROKEN_UP))
def test_times_go_forward(moment, schedule):
    times = [moment, *islice(schedule.times(moment), 20)]
    assert all(earlier < later for earlier, later in pairwise(times))


def test_the_shortest_pause_is_found_between_any_two():
    assert Schedule(timedelta(days=3)).shortest_pause(NOW) == timedelta(days=3)
    assert Schedule(cron="0 3 * * 1,5").shortest_pause(NOW) == timedelta(days=3)
    assert Schedule(cron="0 3 1 * *").shortest_pause(NOW) == timedelta(days=28)


def test_a_spread_keeps_many_apart_and_each_in_its_place():
    one = RotationStrategy(id=1, cron="0 3 * * *", time_zone="UTC", spread_s=600)
    other = RotationStrategy(id=2, cron="0 3 * * *", time_zone="UTC", spread_s=600)
    times = [next(each.schedule.times(NOW)) for each in (one, other, one)]
    assert times[0] == times[2] != times[1]
    assert all(timedelta() <= each - datetime(2026, 3, 28, 3, tzinfo=UTC) < timedelta(minutes=10) for each in times)


def test_a_spread_cron_doesnt_come_twice():
    strategy = RotationStrategy(id=1, cron="0 3 * * *", time_zone="UTC", spread_s=600)
    first = next(strategy.schedule.times(NOW))
    assert strategy.schedule.after(first, first) == first + timedelta(days=1)


@pytest.mark.parametrize(
    "schedule",
    [
        None,
        Schedule(timedelta(hours=6)),
        Schedule(cron="0 3 * * 1", zone=BERLIN, spread=timedelta(minutes=5)),
        Schedule(timedelta(days=7), zone=BERLIN, window=NIGHTS),
    ],
)
def test_a_strategy_keeps_its_schedule(schedule):
    strategy = RotationStrategy()
    strategy.schedule = schedule
    assert strategy.schedule == schedule


@pytest.mark.parametrize("text", ["0 3 * * *", "*/5 1-3 1,15 * MON-FRI", "0 0 29 2 *"])
def test_a_cron_expression_is_taken(text):
    assert cron_problem(text) is None


@pytest.mark.parametrize("text", ["", "0 3 * *", "* * * * * *", "@daily", "61 * * * *", "0 0 31 2 *", "a b c d e"])
def test_a_cron_expression_that_cant_be_is_refused_in_a_sentence(text):
    assert cron_problem(text)


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)), st.frozensets(st.integers(1, 7), min_size=1))
def test_a_time_of_day_is_read_back_from_its_expression(at, days):
    assert as_daily(daily(at, days)) == (at, days)


def test_other_expressions_are_no_time_of_day():
    assert as_daily("*/5 3 * * *") is None
    assert as_daily("0 3 1 * *") is None
