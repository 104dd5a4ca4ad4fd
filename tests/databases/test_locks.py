"""What PostgreSQL alone does: locks of single rows, which two transactions may take in opposite order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Environment, Rotation, RotationStrategy, Secret, State, Trigger
from models.vault.moving import move_secrets
from rotation.requests import BeingDeletedError, request_rotation
from rotation.setup.deletion import delete_strategy
from rotation.when.sweep import sweep_once
from tests.processes.processes import wait_for
from tests.rotation.world import DAY, World

pytestmark = pytest.mark.postgres


@pytest.fixture
def world(postgres_world):
    return postgres_world


def someone_waits(world: World) -> bool:
    with world.db.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_a_publication_waits_for_a_move_of_its_secrets(world):
    """Both lock the two secrets in the order of their ids, whichever of them holds the access key ID."""
    strategy = world.strategy()
    low, high = strategy.access_key_secret_id, strategy.secret_key_secret_id
    world.change(access_key_secret_id=high, secret_key_secret_id=low)
    rotation_id = world.request()
    while world.rotation(rotation_id).good_rounds < 2:
        world.run(rotation_id)
        world.clock.advance(1)
    with ThreadPoolExecutor(1) as pool, world.new_session() as moving:
        staging = moving.scalars(select(Environment).where(Environment.name == "staging")).one()
        moving.execute(select(Secret.id).where(Secret.id == low).with_for_update())
        run = pool.submit(world.run, rotation_id)
        wait_for(lambda: someone_waits(world), "the publication's lock")
        move_secrets(moving, [low, high], staging, "/moved", world.clock.now())
        moving.commit()
        run.result()
    assert world.rotation(rotation_id).state == State.SUCCEEDED
    assert world.versions() == [2, 2]


def start_deletion(world: World, session: Session, *, delete_keys: bool) -> list[str]:
    """What a person does who deletes the strategy, up to the commit."""
    strategy = session.get_one(RotationStrategy, world.strategy_id)
    return delete_strategy(session, strategy, delete_keys=delete_keys, by="alice", now=world.clock.now())


def press(world: World) -> int | None:
    """The rotation that somebody gets who presses Rotate now; None when the strategy is being deleted."""
    with world.new_session() as session:
        strategy = session.get_one(RotationStrategy, world.strategy_id)
        try:
            asked = request_rotation(session, strategy, by="bob", trigger=Trigger.BUTTON, now=world.clock.now())
        except BeingDeletedError:
            return None
        session.commit()
        return asked[0].id


@pytest.mark.parametrize("delete_keys", [True, False])
def test_a_press_waits_for_a_deletion_and_gets_nothing(world, delete_keys):
    world.rotate()
    with ThreadPoolExecutor(1) as pool, world.new_session() as deleting:
        start_deletion(world, deleting, delete_keys=delete_keys)
        deleting.flush()
        pressed = pool.submit(press, world)
        wait_for(lambda: someone_waits(world), "the press")
        deleting.commit()
        assert pressed.result() is None
    assert [rotation.ended_at for rotation in world.rotations() if rotation.is_open] == []


def test_a_deletion_waits_for_a_press_and_ends_its_rotation(world):
    world.rotate()
    with ThreadPoolExecutor(1) as pool, world.new_session() as pressing:
        strategy = pressing.get_one(RotationStrategy, world.strategy_id)
        request_rotation(pressing, strategy, by="bob", trigger=Trigger.BUTTON, now=world.clock.now())

        def delete() -> None:
            with world.new_session() as session:
                start_deletion(world, session, delete_keys=True)
                session.commit()

        deleted = pool.submit(delete)
        wait_for(lambda: someone_waits(world), "the deletion")
        pressing.commit()
        deleted.result()
    assert len(world.rotations()) == 2
    assert not any(rotation.is_open for rotation in world.rotations())
    assert world.strategy().deleting_at is not None


def test_a_sweep_waits_for_a_deletion_and_starts_nothing(world):
    world.rotate()
    world.change(interval_s=30 * DAY, due_at=world.clock.now())
    with world.new_session() as deleting, world.new_session() as sweeping, ThreadPoolExecutor(1) as pool:
        start_deletion(world, deleting, delete_keys=True)
        deleting.flush()
        swept = pool.submit(sweep_once, sweeping, world.clock.now())
        wait_for(lambda: someone_waits(world), "the sweep")
        deleting.commit()
        assert swept.result().rotations == []
    with world.new_session() as session:
        assert session.scalars(select(Rotation).where(Rotation.ended_at.is_(None))).all() == []
