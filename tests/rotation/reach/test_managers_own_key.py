"""The key that a connection asks AWS with is never turned under its hands: without it nothing could be mended."""

from __future__ import annotations

import pytest

from models import Connection, KeyState
from tests.rotation.world import DAY, USER


@pytest.fixture
def managers(world):
    """The manager's key, which is one of the target's: the target is the manager itself."""
    pair = world.aws.add_key(USER)
    with world.new_session() as session:
        session.get_one(Connection, world.strategy().connection_id).access_key_id = pair.access_key_id
        session.commit()
    return pair


def test_it_is_not_taken_over_from_the_placeholder(world, managers):
    world.hold_in_secrets(managers)
    world.rotate()
    world.pass_time(5 * DAY)
    assert managers.access_key_id in world.aws.keys_of(USER)
    assert managers.access_key_id not in {key.access_key_id for key in world.access_keys()}


def test_one_that_a_person_names_is_refused(world, managers):
    world.change(existing_key_id=managers.access_key_id)
    rotation = world.rotate()
    assert rotation.error_code == "key_in_connection"
    assert world.aws.keys_of(USER) == [managers.access_key_id]


def test_an_old_key_that_became_a_connections_is_not_deleted(world):
    world.rotate()
    old = world.pair()
    world.clock.advance(10 * DAY)
    world.rotate()
    with world.new_session() as session:
        session.get_one(Connection, world.strategy().connection_id).access_key_id = old.access_key_id
        session.commit()
    world.pass_time(5 * DAY)
    assert old.access_key_id in world.aws.keys_of(USER)
    (key,) = world.access_keys(KeyState.RETIRING)
    assert key.error_code == "key_in_connection"
