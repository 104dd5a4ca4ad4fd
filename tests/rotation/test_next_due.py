"""A sweep tells when the next strategy falls due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rotation.sweep import sweep_once


def next_at(world):
    with world.new_session() as session:
        return sweep_once(session, world.clock.now()).next_at


@pytest.mark.parametrize("column", ["due_at", "retry_at"])
def test_it_is_told_ahead(world, column):
    soon = world.clock.now() + timedelta(seconds=2)
    world.change(**{column: soon})
    assert next_at(world) == soon


def test_the_earlier_of_two(world):
    now = world.clock.now()
    world.change(due_at=now + timedelta(hours=1), retry_at=now + timedelta(minutes=1))
    assert next_at(world) == now + timedelta(minutes=1)


def test_nothing_is_due_without_a_schedule(world):
    assert next_at(world) is None


def test_a_paused_strategy_is_not_told(world):
    now = world.clock.now()
    world.change(due_at=now + timedelta(seconds=2), paused_at=now)
    assert next_at(world) is None
