"""The four rules by which an old key ends, and what a rotation that needs its place does about it."""

from __future__ import annotations

from models import KeyState, RetireWhen, State
from tests.rotation.ending.test_deactivate_old_key import active, old, row  # noqa: F401 - `old` is a fixture
from tests.rotation.world import DAY, HOUR, USER


def test_by_a_deadline_at_the_latest(world, old):  # noqa: F811 - the fixture
    world.change(retire_when=RetireWhen.DEADLINE.value, deadline_s=3 * DAY)
    for _ in range(5):
        world.aws.use_key(old)
        world.pass_time(14 * HOUR)
    assert active(world, old)
    world.pass_time(3 * HOUR)
    assert not active(world, old)


def test_before_the_deadline_once_it_is_quiet(world, old):  # noqa: F811 - the fixture
    world.change(retire_when=RetireWhen.DEADLINE.value, deadline_s=9 * DAY)
    world.pass_time(DAY + 60)
    assert not active(world, old)


def test_at_the_next_rotation_which_waits_for_nothing(world, old):  # noqa: F811 - the fixture
    world.change(retire_when=RetireWhen.NEXT.value)
    world.pass_time(9 * DAY)
    assert active(world, old)
    assert world.rotate().state == State.SUCCEEDED
    assert row(world, old).state == KeyState.DELETED
    assert len(world.aws.keys_of(USER)) == 2


def test_at_the_next_rotation_but_not_before_the_end_of_its_grace(world, old):  # noqa: F811 - the fixture
    world.change(retire_when=RetireWhen.NEXT.value)
    rotation_id = world.request()
    world.pass_time(DAY - 60)
    assert active(world, old)
    assert world.rotation(rotation_id).wait_code == "old_key_in_grace"
    world.pass_time(DAY)
    assert world.rotation(rotation_id).state == State.SUCCEEDED


def test_never_by_itself(world, old):  # noqa: F811 - the fixture
    world.change(retire_when=RetireWhen.NEVER.value)
    world.pass_time(9 * DAY)
    rotation_id = world.request()
    world.pass_time(2 * DAY)
    assert active(world, old)
    rotation = world.rotation(rotation_id)
    assert (rotation.is_open, rotation.wait_code) == (True, "old_key_kept")
    assert rotation.wait_until > world.clock.now()
