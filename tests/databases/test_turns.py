"""Work is taken fairly between connections, and bounded for each, on both kinds of database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from sqlalchemy import select

from models import AccessKey, Connection, KeyState, Rotation, RotationStrategy
from models.base import new_id
from models.rotation import AT_ONCE, claim
from rotation.many.looks import keys_to_look_at
from rotation.many.turns import next_turn

LEASE = timedelta(minutes=1)


def connection(world, name):
    first = world.strategy().connection
    made = Connection(
        id=new_id(), project_id=first.project_id, name=name, access_key_id="AKIAEXAMPLEMANAGER00", region="eu-west-1",
        created_at=world.clock.now(),
    )  # fmt: skip
    made.set_secret(world.sealing_key, "example-manager-secret")
    world.session.add(made)
    world.session.flush()
    return made


def queue(world, count, of=None, **columns):
    """So many rotations of strategies over one connection, ready to be taken."""
    first, made = world.strategy(), []
    for number in range(count):
        strategy = RotationStrategy(
            project_id=first.project_id, connection_id=(of or first.connection).id, user_name=f"user-{number}",
            created_at=world.clock.now(), created_by="alice",
        )  # fmt: skip
        world.session.add(strategy)
        world.session.flush()
        values = {"trigger": "button", "requested_by": "alice", "requested_at": world.clock.now(), **columns}
        made.append(Rotation(project_id=first.project_id, strategy_id=strategy.id, **values))
        world.session.add(made[-1])
    world.session.commit()
    return [each.id for each in made]


def take(world, rotation_id):
    with world.new_session() as session:
        taken = claim(session, rotation_id, "worker", world.clock.now(), LEASE)
        session.commit()
    return taken


def turn(world, wanted=0):
    with world.new_session() as session:
        found = next_turn(session, world.clock.now(), wanted)
    return found and found.rotation_id


def test_workers_take_so_many_rotations_of_a_connection_and_no_more(world):
    ids = queue(world, 12)
    barrier = Barrier(len(ids))

    def one(rotation_id):
        barrier.wait()
        return take(world, rotation_id)

    with ThreadPoolExecutor(len(ids)) as pool:
        assert sum(pool.map(one, ids)) == AT_ONCE
    other = queue(world, 1, connection(world, "other"))
    assert take(world, other[0])


def test_a_lease_that_ran_out_holds_no_place(world):
    ids = queue(world, AT_ONCE + 1)
    assert [take(world, each) for each in ids] == [True] * AT_ONCE + [False]
    world.clock.advance(61)
    assert take(world, ids[-1])


def test_the_connection_that_is_served_least_is_next(world):
    many = queue(world, 6)
    for each in many[:2]:
        take(world, each)
    few = queue(world, 1, connection(world, "other"))
    assert turn(world, wanted=many[4]) == few[0]
    take(world, few[0])
    assert turn(world, wanted=many[4]) == many[4]
    assert turn(world) == many[2]


def test_the_wanted_one_is_taken_where_it_is_as_good_as_another(world):
    queue(world, 3)
    wanted = [queue(world, 2, connection(world, name))[1] for name in ("one", "two", "three")]
    assert [turn(world, wanted=each) for each in wanted] == wanted


def test_nobody_has_a_turn_while_all_connections_have_their_hands_full(world):
    ids = queue(world, AT_ONCE + 2)
    for each in ids[:AT_ONCE]:
        take(world, each)
    assert turn(world, wanted=ids[-1]) is None


def test_a_connection_in_trouble_has_one_worker_at_a_time(world):
    soon = world.clock.now() + timedelta(seconds=20)
    queue(world, 1, wait_until=soon, wait_code="aws_unreachable", tries=1)
    ids = queue(world, 3)
    take(world, ids[0])
    assert turn(world) is None
    other = queue(world, 1, connection(world, "other"))
    assert turn(world) == other[0]
    world.clock.advance(21)
    assert turn(world) is not None


def test_keys_are_looked_at_in_turns_and_one_alone_where_aws_refuses(world):
    def key(strategy_id, name, **columns):
        world.session.add(AccessKey(
            id=name, project_id=world.strategy().project_id, strategy_id=strategy_id, state=KeyState.RETIRING.value,
            access_key_id="AKIAEXAMPLE2T7Q4FVKD", intent_at=world.clock.now(), **columns,
        ))  # fmt: skip

    now = world.clock.now()
    rotation_id = queue(world, 1, connection(world, "other"))[0]
    other = world.session.scalar(select(Rotation.strategy_id).where(Rotation.id == rotation_id))
    for number in range(3):
        key(world.strategy_id, f"a{number}", look_at=now - timedelta(seconds=9 - number))
    key(other, "b0", look_at=now)
    world.session.commit()
    assert [each for each, _ in keys_to_look_at(world.session, now, 9)] == ["a0", "b0", "a1", "a2"]
    key(world.strategy_id, "a9", look_at=now + timedelta(minutes=1), error_code="aws_unreachable")
    world.session.commit()
    assert [each for each, _ in keys_to_look_at(world.session, now, 9)] == ["a0", "b0"]
