"""Several workers, sweeps and people at the same moment, over real transactions: one of them does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

from sqlalchemy import select

from models import AccessKey, KeyState, Project, Rotation, RotationStrategy, State, Trigger
from models.access_key import claim_look, move
from models.rotation import claim
from models.secret import create_secret
from rotation import engine
from rotation.requests import request_rotation
from rotation.setup.deletion import delete_strategy, finish_deletion
from rotation.when.sweep import sweep_once
from tests.rotation.world import DAY, USER, World

PEOPLE = 4


def at_once(world: World, act: Callable[[Any], Any], times: int = PEOPLE) -> list[Any]:
    """What each of several threads, in a session of its own, got from `act`, all beginning together."""
    barrier = Barrier(times)

    def one(_number: int) -> Any:
        with world.new_session() as session:
            session.connection()
            session.rollback()
            barrier.wait()
            result = act(session)
            session.commit()
            return result

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_one_worker_claims_a_rotation(world):
    rotation_id = world.request()
    now, lease = world.clock.now(), world.timing.lease
    claims = at_once(world, lambda session: claim(session, rotation_id, f"worker {id(session)}", now, lease))
    assert sorted(claims) == [False, False, False, True]
    assert world.rotation(rotation_id).claims == 1


def test_one_worker_looks_at_a_key(world):
    world.rotate()
    world.rotate()
    key = world.access_keys(KeyState.RETIRING)[0]
    now = max(world.clock.now(), key.look_at)
    looks = at_once(world, lambda session: claim_look(session, key.id, now, timedelta(minutes=1)))
    assert sorted(looks) == [False, False, False, True]


def test_one_thread_moves_a_key(world):
    world.rotate()
    key_id = world.access_keys()[0].id
    moved = at_once(world, lambda session: move(session, key_id, KeyState.ACTIVE, KeyState.RETIRING))
    assert sorted(moved) == [False, False, False, True]


def test_people_who_press_rotate_together_get_one_rotation(world):
    def press(session):
        strategy = session.get_one(RotationStrategy, world.strategy_id)
        return request_rotation(session, strategy, by="alice", trigger=Trigger.BUTTON, now=world.clock.now())[0].id

    assert len(set(at_once(world, press))) == 1
    assert len(world.rotations()) == 1


def test_workers_who_run_one_rotation_make_one_key(world):
    rotation_id = world.request()
    while world.rotation(rotation_id).is_open:
        at_once(world, lambda session: engine.run(world.tools(session, f"worker {id(session)}"), rotation_id))
        world.clock.advance(2)
    assert world.rotation(rotation_id).state == State.SUCCEEDED
    assert len(world.aws.calls_of("create_key")) == 1
    assert world.versions() == [2, 2]


def test_sweeps_that_meet_start_each_due_strategy_once(world):
    due = world.clock.now()
    first = world.strategy()
    ids = {first.id, *(_another(world, first, number) for number in range(19))}
    for strategy in world.session.scalars(select(RotationStrategy)):
        strategy.interval_s, strategy.due_at = 30 * DAY, due
    world.session.commit()
    found = at_once(world, lambda session: sweep_once(session, due))
    started = Counter(rotation.strategy_id for rotation in world.rotations())
    assert started == Counter(ids)
    assert {rotation_id for each in found for rotation_id, _ in each.rotations} == {
        rotation.id for rotation in world.rotations()
    }


def _another(world: World, like: RotationStrategy, number: int) -> int:
    session, now = world.session, world.clock.now()
    key = session.get_one(Project, like.project_id).sealing_key(world.keyring)
    secrets = [
        create_secret(
            session, key, environment=like.access_key_secret.environment, path=f"/{number}", name=name, value=b"",
            now=now, author="alice",
        )
        for name in ("A", "B")
    ]  # fmt: skip
    strategy = RotationStrategy(
        project_id=like.project_id, connection_id=like.connection_id, access_key_secret=secrets[0],
        secret_key_secret=secrets[1], created_at=now, created_by="alice",
    )  # fmt: skip
    strategy.set_target(f"{USER}-{number}", None)
    session.add(strategy)
    session.flush()
    return strategy.id


def test_first_beats_that_meet_are_one(world):
    found = at_once(world, lambda session: sweep_once(session, world.clock.now()))
    assert [(due.rotations, due.keys) for due in found] == [([], [])] * PEOPLE


def test_a_reader_of_both_secrets_never_sees_half_a_pair(world):
    world.rotate()
    pairs, done = {world.pair()}, Event()

    def read(_number):
        while not done.is_set():
            pairs.add(world_pair(world))

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read, 0)
        for _ in range(3):
            world.clock.advance(3 * DAY)
            world.pass_time(2 * DAY)
            world.rotate()
            pairs.add(world.pair())
        done.set()
        reading.result()
    made = {key.access_key_id for key in world.access_keys()}
    assert {pair.access_key_id for pair in pairs} <= made
    assert all(pair.secret_access_key.endswith(pair.access_key_id[-9:]) for pair in pairs)


def world_pair(world: World) -> Any:
    """What a consumer reads, without the world's own session, which is another thread's."""
    from models.secret import current_values
    from rotation.provider import KeyPair

    with world.new_session() as session:
        strategy = session.get_one(RotationStrategy, world.strategy_id)
        ids = (strategy.access_key_secret_id, strategy.secret_key_secret_id)
        values = current_values(session, world.tools(session).sealing_key(strategy.project_id), ids)
        return KeyPair(*(values[secret_id].decode() for secret_id in ids))


def test_a_manager_in_the_longest_iam_path_has_room(world):
    world.aws.add_user(world.aws.manager, f"/{'p' * 510}/")
    assert world.rotate().state == State.SUCCEEDED
    assert len(world.strategy().connection.manager) > 512


def test_a_strategy_with_all_that_it_made_is_deleted(world):
    world.rotate()
    world.clock.advance(10 * DAY)
    world.rotate()
    with world.new_session() as session:
        keys = delete_strategy(
            session, session.get_one(RotationStrategy, world.strategy_id), delete_keys=True, by="alice",
            now=world.clock.now(),
        )  # fmt: skip
        session.commit()
    for key_id in keys:
        world.look(key_id)
    assert world.aws.keys_of(USER) == []
    gone = at_once(world, lambda session: finish_deletion(session, world.strategy_id), 4)
    assert sorted(gone) == [False, False, False, True]
    assert world.session.scalars(select(AccessKey)).all() == world.session.scalars(select(Rotation)).all() == []
