"""A rotation that goes well, and what it keeps and promises on the way."""

from datetime import timedelta
from itertools import pairwise

import pytest

from models import KeyState, Purpose, State, StepName, Trigger
from models.rotation import STEPS
from rotation.errors import RotationError
from rotation.provider import KeyPair
from rotation.requests import OldKey
from tests.fake_provider import ACCOUNT
from tests.rotation.world import DAY, HOUR, USER


def test_both_secrets_hold_a_new_key_that_aws_accepts(world):
    rotation = world.rotate()
    assert rotation.state == State.SUCCEEDED
    assert world.pair().access_key_id in world.aws.keys_of(USER)
    assert world.consumer_call_works()
    assert world.versions() == [2, 2]


def test_the_steps_are_recorded_in_order_each_ended(world):
    rotation = world.rotate()
    assert [step.name for step in rotation.steps] == [name.value for name in STEPS[Purpose.TURN]]
    assert all(step.ended_at and step.summary and not step.failed for step in rotation.steps)
    created = next(step for step in rotation.steps if step.name == StepName.CREATE)
    assert created.calls[0]["said"] == world.pair().access_key_id
    assert created.calls[0]["request_id"]


def test_no_step_holds_the_secret(world):
    rotation = world.rotate()
    told = [step.summary for step in rotation.steps] + [str(step.calls) for step in rotation.steps]
    assert not [text for text in told if world.pair().secret_access_key in text]


def test_verification_takes_rounds_in_a_row_at_least_a_second_apart(world):
    rotation = world.rotate()
    tries = world.aws.calls_of("try_key")
    assert len(tries) == world.strategy().connection.verify_rounds == rotation.good_rounds
    assert all(later.at - earlier.at >= timedelta(seconds=1) for earlier, later in pairwise(tries))


def test_a_waiting_rotation_gives_its_worker_back(world):
    rotation_id = world.request()
    until = world.run(rotation_id)
    rotation = world.rotation(rotation_id)
    assert until == rotation.wait_until > world.clock.now()
    assert rotation.lease_owner == ""
    assert world.run(rotation_id) is None, "it isn't worked on before its time"
    assert world.aws.calls_of("try_key") == []


def test_a_refusal_starts_the_count_anew(world):
    rotation_id = world.request()
    for _ in range(2):
        world.run(rotation_id)
        world.clock.advance(1)
    assert world.rotation(rotation_id).good_rounds == 1
    world.aws.refuse_at("iam")
    world.run(rotation_id)
    assert world.rotation(rotation_id).good_rounds == 0
    world.finish(rotation_id)
    assert len(world.aws.calls_of("try_key")) == 1 + 1 + 3


def test_nothing_is_published_before_every_replica_knows_the_key(world):
    world.aws.replicas_s = (3, 7, 12)
    rotation_id = world.request()
    while world.rotation(rotation_id).is_open:
        assert world.versions() == [1, 1]
        world.run(rotation_id)
        world.clock.advance(1)
    assert world.versions() == [2, 2]
    assert world.consumer_call_works()


def test_without_a_gap_the_rounds_follow_each_other_in_one_turn(world):
    world.strategy().connection.verify_gap_s = 0
    world.session.commit()
    rotation_id = world.request()
    assert world.run(rotation_id) is None
    assert world.rotation(rotation_id).state == State.SUCCEEDED


def test_the_account_is_learned_once(world):
    world.rotate()
    assert world.strategy().target == f"{ACCOUNT}/{USER}"
    assert len(world.aws.calls_of("identify")) == 1


def test_a_second_request_finds_the_first(world):
    assert world.request() == world.request()


def test_a_worker_without_the_lease_does_nothing(world):
    rotation_id = world.request()

    def second_worker(when, method):
        if (when, method) == ("before", "create_key"):
            assert world.run(rotation_id, "worker-2") is None

    world.aws.watch(second_worker)
    world.finish(rotation_id)
    assert len(world.aws.calls_of("create_key")) == 1


def test_a_worker_that_lost_its_lease_publishes_nothing(world):
    rotation_id = world.request()
    world.run(rotation_id)
    stolen = []

    def slow(when, method):
        if (when, method) == ("after", "try_key") and not stolen:
            stolen.append(True)
            world.clock.advance(world.timing.lease_s + 1)
            world.run(rotation_id, "worker-2")

    world.clock.advance(1)
    world.aws.watch(slow)
    assert world.run(rotation_id, "worker-1") is None
    good_rounds = world.rotation(rotation_id).good_rounds
    assert good_rounds == 1, "the second worker's round counts, the first one's doesn't"
    assert world.finish(rotation_id).state == State.SUCCEEDED
    assert world.versions() == [2, 2]


def test_the_old_key_goes_on_working_through_its_grace(world):
    world.rotate()
    old = world.pair()
    world.clock.advance(10 * DAY)
    world.rotate()
    assert world.pair() != old
    world.pass_time(23 * HOUR)
    assert world.aws.accepts(old)
    retiring = world.access_keys(KeyState.RETIRING)
    assert [key.access_key_id for key in retiring] == [old.access_key_id]


def test_the_key_in_the_placeholder_is_taken_over(world):
    had = world.aws.add_key(USER)
    world.hold_in_secrets(had)
    world.rotate()
    taken = world.access_keys(KeyState.RETIRING)
    assert [(key.access_key_id, key.taken_over) for key in taken] == [(had.access_key_id, True)]


def test_a_named_key_is_taken_over(world):
    had = world.aws.add_key(USER)
    world.change(existing_key_id=had.access_key_id)
    world.rotate()
    assert [key.access_key_id for key in world.access_keys(KeyState.RETIRING)] == [had.access_key_id]


def test_a_key_of_another_user_in_the_placeholder_is_left_alone(world):
    world.aws.add_user("somebody-else")
    theirs = world.aws.add_key("somebody-else")
    world.hold_in_secrets(theirs)
    assert world.rotate().state == State.SUCCEEDED
    world.pass_time(3 * DAY)
    assert [key.access_key_id for key in world.access_keys()] == [world.pair().access_key_id]
    assert world.aws.keys_of("somebody-else") == [theirs.access_key_id]


def test_a_named_key_of_another_user_is_refused(world):
    world.aws.add_user("somebody-else")
    theirs = world.aws.add_key("somebody-else")
    world.change(existing_key_id=theirs.access_key_id)
    rotation = world.rotate()
    assert rotation.error_code == "existing_key_not_targets"
    assert not world.aws.calls_of("create_key")


def test_the_button_asks_while_an_old_key_is_valid(world):
    world.rotate()
    world.rotate()
    with pytest.raises(RotationError) as refused:
        world.request(old_key=OldKey.ASK)
    assert refused.value.code == "old_key_in_grace"


def test_ending_the_old_key_makes_room_at_once(world):
    world.rotate()
    world.rotate()
    old = world.access_keys(KeyState.RETIRING)[0].access_key_id
    rotation = world.rotate(old_key=OldKey.END)
    assert rotation.state == State.SUCCEEDED
    assert old not in world.aws.keys_of(USER)
    assert len(world.aws.keys_of(USER)) == 2


def test_a_rotation_waits_for_room_and_then_goes_on(world):
    world.rotate()
    world.rotate()
    rotation_id = world.request(trigger=Trigger.SCHEDULE)
    world.run(rotation_id)
    waiting = world.rotation(rotation_id)
    assert waiting.is_open
    assert waiting.wait_code == "old_key_in_grace"
    world.pass_time(3 * DAY)
    assert world.rotation(rotation_id).state == State.SUCCEEDED
    assert world.consumer_call_works()


def test_two_strategies_cannot_turn_one_user(world):
    world.rotate()
    other = _second_strategy(world)
    other.set_target(USER.upper(), None)
    world.session.commit()
    world.aws.add_user(USER.upper())
    world.strategy_id = other.id
    rotation = world.rotate()
    assert rotation.error_code == "target_taken"
    assert len(world.aws.calls_of("create_key")) == 1


def _second_strategy(world):
    from models import RotationStrategy
    from models.secret import create_secret

    first = world.strategy()
    environment = first.access_key_secret.environment
    key = world.sealing_key
    secrets = [
        create_secret(
            world.session, key, environment=environment, path="/other", name=name, value=b"", now=world.clock.now(),
            author="alice",
        )
        for name in ("A", "B")
    ]  # fmt: skip
    strategy = RotationStrategy(
        project_id=first.project_id, connection_id=first.connection_id, access_key_secret=secrets[0],
        secret_key_secret=secrets[1], created_at=world.clock.now(), created_by="alice",
    )  # fmt: skip
    world.session.add(strategy)
    return strategy


def test_the_pair_is_what_one_call_reads(world):
    """At every commit of a rotation the two secrets belong together."""
    pairs = set()
    world.rotate()
    first = world.pair()

    def read(_when, _method):
        pairs.add(world.pair())

    world.aws.watch(read)
    world.clock.advance(10 * DAY)
    world.rotate()
    assert pairs <= {first, world.pair()}
    assert KeyPair("changeme", "changeme") not in pairs
