"""What PostgreSQL alone does: locks of single rows, which two transactions may take in opposite order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from models import Environment, Secret, State
from models.vault.moving import move_secrets
from tests.processes.processes import wait_for
from tests.rotation.world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def world(postgres_url):
    made = World(postgres_url)
    yield made
    made.close()


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
    with world.new_session() as moving, ThreadPoolExecutor(1) as pool:
        staging = moving.scalars(select(Environment).where(Environment.name == "staging")).one()
        moving.execute(select(Secret.id).where(Secret.id == low).with_for_update())
        run = pool.submit(world.run, rotation_id)
        wait_for(lambda: someone_waits(world), "the publication's lock")
        move_secrets(moving, [low, high], staging, "/moved", world.clock.now())
        moving.commit()
        run.result()
    assert world.rotation(rotation_id).state == State.SUCCEEDED
    assert world.versions() == [2, 2]
