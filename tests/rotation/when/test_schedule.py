"""When a strategy rotates."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Ends, Project, RetireWhen, State, Trigger
from models.schedule import Schedule, Window
from rotation.when import planning
from rotation.when.schedule import reschedule, shortest_interval
from rotation.when.sweep import sweep_once
from tests.fake_clock import START
from tests.rotation.world import DAY, HOUR


@given(
    st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=400)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)),
)
def test_the_next_due_time_is_the_first_after_now_on_the_grid(interval, down):
    now = START + down
    due = Schedule(interval).after(START, now)
    assert now < due <= now + interval
    assert (due - START) % interval == timedelta(0)


@pytest.mark.parametrize(
    ("grace_s", "quiet_s", "when", "shortest"),
    [
        (DAY, DAY, RetireWhen.QUIET, timedelta(days=1, minutes=2)),
        (DAY, 3 * DAY, RetireWhen.QUIET, timedelta(days=3, minutes=2)),
        (DAY, 3 * DAY, RetireWhen.DEADLINE, timedelta(days=2, minutes=2)),
        (3 * DAY, DAY, RetireWhen.DEADLINE, timedelta(days=3, minutes=2)),
        (DAY, 3 * DAY, RetireWhen.NEXT, timedelta(days=1, minutes=1)),
        (DAY, 3 * DAY, RetireWhen.NEVER, timedelta(days=1, minutes=1)),
    ],
)
def test_the_shortest_interval_leaves_room_for_grace_quiet_time_and_watch(grace_s, quiet_s, when, shortest):
    assert shortest_interval(Ends(when, grace_s, quiet_s, deadline_s=2 * DAY, watch_s=60)) == shortest


@pytest.mark.parametrize("ends", [Ends(watch_s=HOUR), Ends(RetireWhen.NEXT), Ends(RetireWhen.DEADLINE, watch_s=0)])
def test_the_shortest_interval_turns_for_ever(world, ends):
    """What the form allows never makes a rotation wait for its old key."""
    world.aws.allow("deactivate_key")
    interval = shortest_interval(ends)
    world.change(ends=ends, interval_s=int(interval.total_seconds()), due_at=world.clock.now())
    world.pass_time(6 * DAY)
    rotations = world.rotations()
    assert len(rotations) == 6
    assert {rotation.state for rotation in rotations} == {State.SUCCEEDED}
    assert all(rotation.ended_at - rotation.due_at < timedelta(minutes=1) for rotation in rotations)


def test_with_nobody_watching_a_due_strategy_rotates(world):
    world.change(interval_s=7 * DAY, due_at=world.clock.now() + timedelta(hours=1))
    world.pass_time(HOUR - 60)
    assert not world.rotations()
    world.pass_time(120)
    (rotation,) = world.rotations()
    assert (rotation.state, rotation.trigger) == (State.SUCCEEDED, Trigger.SCHEDULE)
    assert world.strategy().due_at == rotation.due_at + timedelta(days=7)


def test_a_missed_time_is_made_up_once(world):
    world.change(interval_s=DAY * 2, due_at=world.clock.now() + timedelta(days=1))
    world.clock.advance(30 * DAY)
    world.pass_time(HOUR)
    assert len(world.rotations()) == 1
    assert world.strategy().due_at > world.clock.now()


def test_sweeps_at_once_start_one_rotation(world):
    world.change(interval_s=7 * DAY, due_at=world.clock.now())
    for _ in range(3):
        world.sweep()
    assert len(world.rotations()) == 1


def test_a_paused_strategy_is_not_due(world):
    world.change(interval_s=DAY, due_at=world.clock.now(), paused_at=world.clock.now())
    world.pass_time(3 * DAY)
    assert not world.rotations()
    world.rotate()
    assert len(world.rotations()) == 1, "the button still works"


def test_the_button_starts_the_interval_anew(world):
    world.change(interval_s=7 * DAY, due_at=world.clock.now() + timedelta(days=1))
    rotation = world.rotate()
    assert world.strategy().due_at == rotation.ended_at + timedelta(days=7)


def test_a_shorter_interval_moves_the_next_time(world):
    world.rotate()
    published = world.access_keys()[-1].published_at
    world.change(interval_s=30 * DAY)
    strategy = world.strategy()
    reschedule(strategy, world.clock.now(), published)
    assert strategy.due_at == published + timedelta(days=30)
    strategy.interval_s = 2 * DAY
    world.clock.advance(5 * DAY)
    reschedule(strategy, world.clock.now(), published)
    assert strategy.due_at == world.clock.now(), "a time that has passed is now"


def test_a_worker_that_died_is_replaced_when_its_lease_runs_out(world):
    class Killed(BaseException):
        pass

    def kill(when, method):
        if (when, method) == ("before", "try_key") and not world.aws.calls_of("try_key"):
            raise Killed

    world.aws.watch(kill)
    rotation_id = world.request()
    with pytest.raises(Killed):
        world.finish(rotation_id)
    world.aws._watchers.clear()
    world.sweep()
    assert world.rotation(rotation_id).is_open
    world.pass_time(world.timing.lease_s + 30)
    assert world.rotation(rotation_id).state == State.SUCCEEDED
    assert len(world.aws.calls_of("create_key")) == 1


def test_a_time_that_was_served_before_stops_no_sweep(world):
    """A clock that went backwards leads to the same due time again: it is passed over, and the others go on."""
    world.change(interval_s=DAY, due_at=world.clock.now())
    world.sweep()
    world.pass_time(60)
    world.change(due_at=world.rotations()[0].due_at)
    world.sweep()
    assert len(world.rotations()) == 1
    assert world.strategy().due_at > world.clock.now()


def next_at(world):
    with world.new_session() as session:
        return sweep_once(session, world.clock.now()).next_at


@pytest.mark.parametrize("column", ["due_at", "retry_at"])
def test_a_sweep_tells_when_the_next_one_falls_due(world, column):
    soon = world.clock.now() + timedelta(seconds=2)
    world.change(**{column: soon})
    assert next_at(world) == soon


def test_a_sweep_tells_the_earlier_of_two(world):
    now = world.clock.now()
    world.change(due_at=now + timedelta(hours=1), retry_at=now + timedelta(minutes=1))
    assert next_at(world) == now + timedelta(minutes=1)


def test_a_sweep_tells_nothing_without_a_schedule(world):
    assert next_at(world) is None


def test_a_sweep_does_not_tell_of_a_paused_strategy(world):
    now = world.clock.now()
    world.change(due_at=now + timedelta(seconds=2), paused_at=now)
    assert next_at(world) is None


BERLIN = ZoneInfo("Europe/Berlin")


def set_schedule(world, schedule, **values):
    strategy = world.strategy()
    strategy.schedule = schedule
    for name, value in values.items():
        setattr(strategy, name, value)
    planning.plan_anew(world.session, strategy, world.clock.now())
    world.session.commit()
    return strategy


def local_starts(world):
    return [f"{rotation.started_at.astimezone(BERLIN):%a %H:%M}" for rotation in world.rotations()]


def test_a_time_of_day_on_chosen_days_rotates_then(world):
    set_schedule(world, Schedule(cron="30 3 * * 1,4", zone=BERLIN))
    world.pass_time(14 * DAY)
    assert sorted(local_starts(world)) == ["Mon 03:30", "Mon 03:30", "Thu 03:30", "Thu 03:30"]


def test_a_due_rotation_waits_for_the_window_after_the_system_was_down(world):
    window = Window(frozenset({6, 7}), time(1), time(5))
    set_schedule(world, Schedule(cron="0 1 * * 6", zone=BERLIN, window=window))
    due_at = world.strategy().due_at
    world.clock.set(due_at + timedelta(hours=6))
    world.sweep()
    assert not world.rotations()
    assert world.strategy().due_at == due_at + timedelta(days=1), "Sunday at one"
    world.pass_time(DAY)
    assert local_starts(world) == ["Sun 01:00"]


def test_the_button_needs_no_window(world):
    set_schedule(world, Schedule(timedelta(days=30), window=Window(frozenset({1}), time(1), time(2))))
    assert world.rotate().state == State.SUCCEEDED


def test_the_button_leaves_a_time_of_day_alone(world):
    set_schedule(world, Schedule(cron="0 3 * * *", zone=BERLIN))
    due_at = world.strategy().due_at
    world.rotate()
    assert world.strategy().due_at == due_at


def test_a_pause_ends_at_its_date(world):
    set_schedule(world, Schedule(timedelta(days=2)))
    world.rotate()
    strategy = world.strategy()
    until = world.clock.now() + timedelta(days=5)
    planning.pause(world.session, strategy, "alice", world.clock.now(), until)
    world.session.commit()
    assert strategy.due_at is None
    world.pass_time(5 * DAY - 60)
    assert len(world.rotations()) == 1
    world.pass_time(120)
    assert [rotation.trigger for rotation in world.rotations()] == [Trigger.BUTTON, Trigger.SCHEDULE]
    assert world.strategy().paused_at is None


def allow_age(world, days):
    project = world.session.get(Project, world.strategy().project_id)
    project.max_key_age_s = days * DAY
    world.session.commit()


@pytest.mark.parametrize("schedule", [None, Schedule(timedelta(days=365))])
def test_no_key_gets_older_than_its_project_allows(world, schedule):
    allow_age(world, 30)
    set_schedule(world, schedule, grace_s=7 * DAY, quiet_s=DAY, can_deactivate=False)
    world.rotate()
    world.pass_time(70 * DAY)
    keys = world.access_keys()
    assert len(keys) >= 3
    now = world.clock.now()
    ages = [(key.deleted_at or now) - key.created_at for key in keys if key.created_at]
    assert max(ages) <= timedelta(days=30)
    assert max(ages) > timedelta(days=29), "and no sooner than need be"


def test_the_maximum_age_keeps_to_the_window(world):
    allow_age(world, 40)
    window = Window(frozenset({6}), time(1), time(5))
    set_schedule(world, Schedule(timedelta(days=365), zone=BERLIN, window=window))
    world.rotate()
    world.pass_time(100 * DAY)
    starts = [rotation.started_at.astimezone(BERLIN) for rotation in world.rotations()[1:]]
    assert len(starts) == 2
    assert {f"{start:%a %H:%M}" for start in starts} == {"Sat 04:59"}
    assert max(key.deleted_at - key.created_at for key in world.access_keys() if key.deleted_at) <= timedelta(days=40)


def test_a_rotation_that_its_age_demanded_and_that_failed_is_tried_daily(world):
    allow_age(world, 90)
    set_schedule(world, None, can_deactivate=False)
    world.rotate()
    world.aws.deny("create_key")
    world.pass_time(92 * DAY)
    assert len(world.rotations()) in {4, 5}
    assert isinstance(world.strategy().due_at, datetime)
