"""A strategy that is edited while its rotation runs: what counts is what it says when the key is made."""

from __future__ import annotations

import pytest

from models import KeyState, RotationStrategy, State
from tests.fake_provider import ACCOUNT
from tests.rotation.world import USER

OTHER = "search-api"


def aim_elsewhere(world):
    """Another person's edit, in a process of its own; it is allowed while AWS holds no key of the strategy."""
    with world.new_session() as session:
        session.get_one(RotationStrategy, world.strategy_id).set_target(OTHER, ACCOUNT)
        session.commit()


@pytest.fixture(autouse=True)
def _other(world):
    world.aws.add_user(OTHER)


def edit_once(world, moment):
    edits = iter([lambda: aim_elsewhere(world)])

    def watcher(when, method):
        if (when, method) == moment:
            next(edits, lambda: None)()

    world.aws.watch(watcher)


@pytest.mark.parametrize("method", ["identify", "list_keys"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_key_is_made_for_the_user_that_the_strategy_names_by_then(world, when, method):
    edit_once(world, (when, method))
    rotation = world.rotate()
    assert rotation.state == State.SUCCEEDED
    assert world.aws.keys_of(USER) == []
    assert world.aws.keys_of(OTHER) == [world.pair().access_key_id]
    strategy = world.strategy()
    assert (strategy.user_name, strategy.target) == (OTHER, f"{ACCOUNT}/{OTHER}")


def test_while_it_waits_to_create_what_was_made_ready_counts_no_longer(world):
    """The other user's keys were neither listed nor taken over yet."""
    world.aws.fail_next("create_key", "throttled")
    rotation_id = world.request()
    world.run(rotation_id)
    had = world.aws.add_key(OTHER)
    world.hold_in_secrets(had)
    aim_elsewhere(world)
    assert world.finish(rotation_id).state == State.SUCCEEDED
    assert [key.access_key_id for key in world.access_keys(KeyState.RETIRING)] == [had.access_key_id]
    assert world.rotation(rotation_id).listed_keys == [had.access_key_id]


def test_a_throttle_that_never_ends_ends_the_rotation(world):
    world.aws.fail_next("create_key", "throttled", times=100)
    assert world.rotate().error_code == "throttled"
    assert len(world.aws.calls_of("create_key")) == 8
