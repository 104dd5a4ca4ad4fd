"""What PostgreSQL alone does: rows of copies are locked one by one, so all who want several lock them in one order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from models import Copy, Project, RotationStrategy, Secret
from models.copies.wanting import want_destination
from models.project import Environment
from models.secret import create_secret
from models.vault.moving import move_secrets
from rotation.outputs.writing import write_outputs
from rotation.provider import KeyPair
from tests.databases.test_locks import someone_waits
from tests.processes.processes import wait_for
from tests.rotation.copies.conftest import PATH
from tests.rotation.world import USER

pytestmark = pytest.mark.postgres

PAIR = KeyPair("AKIAEXAMPLEEXAMPLE00", "example-secret-access-key")


@pytest.fixture
def world(postgres_world):
    return postgres_world


@pytest.fixture
def place(world):
    with world.new_session() as session:
        return session.get_one(Secret, world.strategy().access_key_secret_id).environment_id


@pytest.fixture
def add_strategy(world, place):
    """Makes another strategy, whose secrets stand at these two paths."""

    def add(*paths: str) -> int:
        with world.new_session() as session, session.begin():
            first = session.get_one(RotationStrategy, world.strategy_id)
            secrets = [
                create_secret(
                    session, world.sealing_key, environment=session.get_one(Environment, place), path=path,
                    name=f"{name}_{number}", value=b"", now=world.clock.now(), author="alice",
                )
                for number, (name, path) in enumerate(zip(("ID", "KEY"), paths, strict=True))
            ]  # fmt: skip
            made = RotationStrategy(
                project_id=session.scalars(select(Project.id)).one(), connection_id=first.connection_id,
                access_key_secret=secrets[0], secret_key_secret=secrets[1], created_at=world.clock.now(),
                created_by="alice",
            )  # fmt: skip
            made.set_target(f"{USER}-{secrets[0].path}-{paths}"[:60], None)
            session.add(made)
            session.flush()
            return made.id

    return add


def publish(world, strategy_id: int, rotation_id: int) -> None:
    """The part of a publication that wants copies."""
    with world.new_session() as session, session.begin():
        strategy = session.get_one(RotationStrategy, strategy_id)
        write_outputs(
            session, world.sealing_key, strategy, PAIR, now=world.clock.now(), by="alice", reason="rotated",
            rotation_id=rotation_id,
        )  # fmt: skip


def lock(session, *copy_ids: int, wait: bool = True) -> None:
    session.execute(select(Copy.id).where(Copy.id.in_(copy_ids)).with_for_update(nowait=not wait))


@pytest.fixture
def path_copies(world, copying, place):
    """Three copies of the path, at a destination each. On the disk they stand in another order than by their ids."""
    ids = [
        copying.add(copying.destination(name), environment_id=place, path=PATH, prefix="P_") for name in ("a", "b", "c")
    ]
    for copy_id in reversed(ids):
        copying.want(copy_id)
    return ids


def test_two_publications_at_one_path_dont_wait_for_each_other(world, copying, path_copies, add_strategy):
    strategies = [world.strategy_id, add_strategy(PATH, PATH)]
    rotation_id, rounds, barrier = world.request(), 20, Barrier(len(strategies))
    for strategy_id in strategies:
        copying.add(copying.destination(f"own {strategy_id}"), strategy_id=strategy_id, names={"access_key_id": "ID"})
    before = [copying.row(copy_id).wanted for copy_id in path_copies]

    def publish_often(strategy_id):
        for _ in range(rounds):
            barrier.wait(20)
            publish(world, strategy_id, rotation_id)

    with ThreadPoolExecutor(len(strategies)) as pool:
        list(pool.map(publish_often, strategies))
    # Once for each of the two secrets.
    assert [copying.row(copy_id).wanted for copy_id in path_copies] == [each + 2 * 2 * rounds for each in before]


def test_a_publication_locks_copies_by_their_ids(world, path_copies):
    rotation_id = world.request()
    with ThreadPoolExecutor(1) as pool, world.new_session() as first:
        lock(first, path_copies[0])
        published = pool.submit(publish, world, world.strategy_id, rotation_id)
        wait_for(lambda: someone_waits(world), "the publication")
        with world.new_session() as other:
            lock(other, *path_copies[1:], wait=False)
        first.commit()
        published.result()


def test_a_publication_waits_for_a_change_of_a_destination(world, copying, place):
    """The strategy's own copy has the lower id of the two, and its path's is wanted first."""
    destination, rotation_id = copying.destination(), world.request()
    own = copying.add(destination, strategy_id=world.strategy_id, names={"access_key_id": "ID"})
    of_path = copying.add(destination, environment_id=place, path=PATH, prefix="P_")
    with ThreadPoolExecutor(1) as pool, world.new_session() as changing:
        lock(changing, own)
        published = pool.submit(publish, world, world.strategy_id, rotation_id)
        wait_for(lambda: someone_waits(world), "the publication")
        want_destination(changing, destination, world.clock.now(), moved=False)
        changing.commit()
        published.result()
    assert [copying.row(copy_id).wanted for copy_id in (own, of_path)] == [1 + 1 + 1, 1 + 1 + 2]


def test_a_move_waits_for_a_change_of_a_destination(world, copying, place):
    """The copy of the place that is wanted first has the higher id."""
    destination = copying.destination()
    copies = [copying.add(destination, environment_id=place, path=path, prefix=path[1]) for path in (PATH, "/a")]
    secret_ids = world.strategy().output_ids[:2]

    def move():
        with world.new_session() as session, session.begin():
            environment = session.get_one(Environment, place)
            assert len(move_secrets(session, secret_ids, environment, "/a", world.clock.now())) == 2

    with ThreadPoolExecutor(1) as pool, world.new_session() as changing:
        lock(changing, copies[0])
        moved = pool.submit(move)
        wait_for(lambda: someone_waits(world), "the move")
        want_destination(changing, destination, world.clock.now(), moved=False)
        changing.commit()
        moved.result()
    assert [copying.row(copy_id).wanted for copy_id in copies] == [1 + 1 + 1] * 2


def test_publications_whose_paths_cross_dont_wait_for_each_other(world, copying, place, add_strategy):
    strategies, rotation_id = [add_strategy("/a", "/b"), add_strategy("/b", "/a")], world.request()
    copies = [
        copying.add(copying.destination(path), environment_id=place, path=path, prefix="P_") for path in ("/a", "/b")
    ]
    with ThreadPoolExecutor(2) as pool, world.new_session() as first:
        lock(first, copies[0])
        published = [pool.submit(publish, world, strategy_id, rotation_id) for strategy_id in strategies]
        wait_for(lambda: waiting(world) == len(strategies), "both publications")
        with world.new_session() as other:
            lock(other, copies[1], wait=False)
        first.commit()
        assert [each.result() for each in published] == [None, None]


def waiting(world) -> int:
    with world.db.connect() as connection:
        return connection.scalar(text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"))


def test_who_looks_at_locks_sees_them(world, path_copies):
    """What the others build on: a row that one has can't be had by another."""
    with world.new_session() as first, world.new_session() as other:
        lock(first, path_copies[0])
        with pytest.raises(OperationalError):
            lock(other, path_copies[0], wait=False)
