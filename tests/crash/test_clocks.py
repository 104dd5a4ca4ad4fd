"""Our clock and AWS's are hours apart: a lost key is still told, though it can't be proven to be the lost one."""

from __future__ import annotations

import pytest

from models import KeyState
from tests.fake_clock import FakeClock
from tests.rotation.world import DAY, HOUR, USER


@pytest.mark.parametrize("ahead_s", [-HOUR, HOUR])
@pytest.mark.parametrize("made", [True, False])
def test_a_lost_key_is_told_though_a_clock_is_wrong(world, ahead_s, made):
    world.rotate()
    world.clock.advance(3 * DAY)
    world.aws.clock = FakeClock(world.clock.now())
    world.clock.advance(ahead_s)
    world.aws.lose_next_answer(made=made)
    world.rotate()
    world.pass_time(20 * 60)
    lost = world.access_keys(KeyState.LOST)
    assert len(world.aws.keys_of(USER)) == 1 + made
    assert [key.error_code for key in lost] == ["answer_lost"] * made
    assert world.consumer_call_works()
