"""The manager's own key turns: by itself, and without ever locking Keyturn out of AWS."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Connection, KeyState, Project, State
from rotation import engine
from rotation.ending import undoing
from rotation.failures import FAILURES
from rotation.provider import KeyPair, Provider
from rotation.reach import own_key
from rotation.setup.deletion import delete_strategy
from rotation.work import Tools
from tests.by_key import ByKey
from tests.rotation.world import DAY, HOUR, USER, World


class OwnWorld(World):
    """A connection whose own key the strategy turns. Each job asks AWS by what the connection holds when it begins."""

    def __init__(self, where) -> None:
        super().__init__(where)
        self.aws.manager = USER
        self.first = self.aws.add_key(USER)
        self.give(self.first)
        strategy = self.strategy()
        self.secrets = (strategy.access_key_secret_id, strategy.secret_key_secret_id)
        self.change(turns_manager=True, access_key_secret_id=None, secret_key_secret_id=None)

    def connection(self) -> Connection:
        with self.new_session() as session:
            return session.scalars(select(Connection).where(Connection.name == "prod-manager")).one()

    def key(self) -> KeyPair:
        return own_key.pair_of(self.connection(), self.sealing_key)

    def give(self, pair: KeyPair) -> None:
        """Another key by hand."""
        strategy = self.strategy()
        with self.new_session() as session:
            connection = session.scalars(select(Connection).where(Connection.name == "prod-manager")).one()
            own_key.follow(session, strategy, pair.access_key_id, self.clock.now())
            connection.access_key_id = pair.access_key_id
            connection.set_secret(self.sealing_key, pair.secret_access_key)
            connection.key_since = self.clock.now()
            session.commit()

    def tools(self, session, owner="worker-1"):
        connection = session.scalars(select(Connection).where(Connection.name == "prod-manager")).one()
        pair = own_key.pair_of(connection, session.get_one(Project, connection.project_id).sealing_key(self.keyring))
        session.commit()
        return Tools(session, self.provider(pair), self.keyring, self.clock, self.timing, owner, connection)

    def provider(self, pair: KeyPair) -> Provider:
        return ByKey(self.aws, pair)

    def is_locked_out(self) -> bool:
        return not self.aws.accepts(self.key())


@pytest.fixture(scope="module")
def first_moment(tmp_path_factory):
    made = OwnWorld(tmp_path_factory.mktemp("own") / "own.db")
    yield made, made.save()
    made.close()


@pytest.fixture
def own(first_moment):
    made, saved = first_moment
    made.go_back(saved)
    return made


def test_the_connection_asks_by_the_new_key_and_the_old_one_retires(own):
    rotation = own.rotate()
    assert rotation.error_code == ""
    assert own.key().access_key_id != own.first.access_key_id
    assert (own.connection().key_by, own.connection().key_since) == (f"rotation {rotation.id}", rotation.ended_at)
    assert set(own.aws.keys_of(USER)) == {own.first.access_key_id, own.key().access_key_id}
    own.aws.asked_with.clear()
    own.pass_time(3 * DAY)
    assert own.aws.keys_of(USER) == [own.key().access_key_id]
    assert set(own.aws.asked_with) == {own.key().access_key_id}


def test_it_turns_again_and_again(own):
    seen = {own.first.access_key_id}
    for _ in range(3):
        assert own.rotate().error_code == ""
        seen.add(own.key().access_key_id)
        own.pass_time(3 * DAY)
        assert not own.is_locked_out()
    assert len(seen) == 4
    assert own.aws.keys_of(USER) == [own.key().access_key_id]


def test_the_old_key_is_taken_over_first(own):
    own.rotate()
    keys = {key.access_key_id: key.state for key in own.access_keys()}
    assert keys == {own.first.access_key_id: KeyState.RETIRING.value, own.key().access_key_id: KeyState.ACTIVE.value}


def test_an_undo_goes_back_to_the_key_that_was_taken_over(own):
    own.rotate()
    key = undoing.key_before(own.session, own.strategy_id)
    rotation, _ = undoing.request_undo(own.session, own.strategy(), key.id, by="alice", now=own.clock.now())
    own.session.commit()
    assert own.finish(rotation.id).state == State.SUCCEEDED
    assert own.key() == own.first
    assert not own.is_locked_out()


@pytest.mark.parametrize("missing", ["may_delete", "may_read_last_use"])
def test_a_new_key_that_may_less_is_not_published(own, missing):
    made = f"AKIAEXAMPLE{own.aws._made + 1:09d}"
    own.aws.denied_to.add((missing, made))
    rotation = own.rotate()
    assert (rotation.error_code, rotation.error_facts["said"]) == ("key_not_accepted", "AccessDenied")
    assert own.key() == own.first
    own.pass_time(HOUR)
    assert own.aws.keys_of(USER) == [own.first.access_key_id]


def test_what_the_present_key_may_not_either_is_no_reason(own):
    own.aws.deny("may_delete")
    assert own.rotate().error_code == ""


@pytest.mark.parametrize("code", ["key_not_accepted", "two_keys", "aws_unreachable", "answer_lost"])
def test_a_failure_leaves_the_connection_as_it_was(own, code):
    if code == "key_not_accepted":
        own.aws.refuse_at("iam", times=10_000)
    elif code == "two_keys":
        own.aws.add_key(USER)
    elif code == "answer_lost":
        own.aws.lose_next_answer(made=True)
    else:
        own.aws.fail_next("create_key", code, times=20)
    rotation = own.rotate()
    assert rotation.error_code == code
    assert rotation.error_facts["who_reads"] == "the connection prod-manager uses"
    assert own.key() == own.first
    assert not own.is_locked_out()


def test_a_key_entered_by_hand_meanwhile_is_not_overwritten(own):
    rotation_id = own.request()
    while own.rotation(rotation_id).good_rounds < 2:
        until = own.run(rotation_id)
        own.clock.set(max(until, own.clock.now()))
    with own.new_session() as session:
        tools = own.tools(session)  # a worker that read the connection before
        own.aws.remove_key(own.first.access_key_id)
        other = own.aws.add_key(USER)
        own.give(other)
        engine.run(tools, rotation_id)
    assert own.finish(rotation_id).error_code == "interrupted"
    assert own.key() == other
    own.pass_time(2 * DAY)
    assert own.rotate().error_code == ""
    assert own.key() != other
    own.pass_time(3 * DAY)
    assert own.aws.keys_of(USER) == [own.key().access_key_id]


def test_a_running_rotation_goes_on_by_a_key_that_was_entered_meanwhile(own):
    first, second = own.secrets  # of any other strategy over the connection
    own.change(turns_manager=False, access_key_secret_id=first, secret_key_secret_id=second)
    other = own.aws.add_key("another-manager")
    rotation_id = own.request()
    with own.new_session() as session:
        tools = own.tools(session)
        own.aws.remove_key(own.first.access_key_id)
        own.give(other)
        until = engine.run(tools, rotation_id)
    assert until == own.clock.now()
    assert own.rotation(rotation_id).error_code == ""
    own.run(rotation_id)
    assert own.aws.asked_with[-1] == other.access_key_id


def test_deleting_the_strategy_with_its_keys_leaves_the_managers_key(own):
    own.rotate()
    own.pass_time(3 * DAY)
    with own.new_session() as session:
        strategy = session.merge(own.strategy())
        delete_strategy(session, strategy, delete_keys=True, by="alice", now=own.clock.now())
        session.commit()
    own.pass_time(DAY)
    assert not own.is_locked_out()


def test_it_is_tried_each_day_as_any_published_key(own):
    own.rotate()
    own.aws.keys[own.key().access_key_id].active = False
    own.pass_time(2 * DAY)
    (key,) = own.access_keys(KeyState.ACTIVE)
    assert key.error_code
    assert key.error_facts["who_reads"] == "the connection prod-manager uses"
    told = FAILURES[key.error_code].tell(key.error_facts)
    assert told.what_to_do.endswith("press Replace key at the connection prod-manager.")
