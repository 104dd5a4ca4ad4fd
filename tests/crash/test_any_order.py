"""Users, sweeps, crashes, faults and steps of the clock in any order, found by Hypothesis; the promises are invariants.

Our clock and AWS's are two: ours can be wrong. `SOAK_EXAMPLES` lets it search for longer than in CI, and by chance.
"""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from models import KeyState, RetireWhen, RotationStrategy
from rotation.ending.wishes import end_now, keep_longer
from rotation.requests import OldKey
from rotation.setup.deletion import RotationRunsError, delete_strategy
from rotation.when import planning
from tests.fake_clock import FakeClock
from tests.rotation.test_killed_anywhere import run_killed
from tests.rotation.world import DAY, HOUR, USER, World

EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "0"))
METHODS = ("identify", "create_key", "last_use", "delete_key", "list_keys")
PERMISSIONS = ("create_key", "last_use", "delete_key", "list_keys")


class AnyOrder(RuleBasedStateMachine):
    world: World
    saved = None

    @initialize(listing=st.booleans())
    def begin(self, listing: bool) -> None:
        world = self.world
        world.go_back(self.saved)
        world.aws.clock = FakeClock(world.clock.now())
        self.foreign: set[str] = set()
        self.deletions = 0
        if not listing:
            world.aws.deny("list_keys")

    # What people do

    def there(self) -> bool:
        found = self.world.session.get(RotationStrategy, self.world.strategy_id, populate_existing=True)
        self.world.session.commit()
        return found is not None and found.deleting_at is None

    @precondition(there)
    @rule(old_key=st.sampled_from([OldKey.WAIT, OldKey.END]))
    def press_rotate(self, old_key: OldKey) -> None:
        self.world.request(old_key=old_key)

    @precondition(there)
    @rule()
    def fall_due(self) -> None:
        self.world.change(interval_s=30 * DAY, due_at=self.world.clock.now())

    @precondition(there)
    @rule(pause=st.booleans())
    def pause_or_resume(self, pause: bool) -> None:
        world, strategy = self.world, self.world.strategy()
        if pause:
            planning.pause(world.session, strategy, "alice", world.clock.now())
        else:
            planning.resume(world.session, strategy, world.clock.now())
        world.session.commit()

    @precondition(there)
    @rule(grace_s=st.sampled_from([0, HOUR, DAY]), when=st.sampled_from(list(RetireWhen)), rounds=st.integers(1, 3))
    def edit(self, grace_s: int, when: RetireWhen, rounds: int) -> None:
        self.world.strategy().connection.verify_rounds = rounds
        self.world.change(grace_s=grace_s, retire_when=when.value)

    @precondition(there)
    @rule(longer=st.booleans())
    def keep_or_end_old_key(self, longer: bool) -> None:
        now = self.world.clock.now()
        for key in self.world.access_keys(KeyState.RETIRING):
            if longer:
                keep_longer(self.world.session, key, now + timedelta(days=3), "alice", now)
            else:
                end_now(self.world.session, key, "alice", now)
        self.world.session.commit()

    @precondition(there)
    @rule(sure=st.integers(0, 9))
    def delete(self, sure: int) -> None:
        """One in ten: nothing but its end can follow."""
        if sure:
            return
        try:
            delete_strategy(
                self.world.session, self.world.strategy(), delete_keys=False, by="alice", now=self.world.clock.now()
            )
            self.world.session.commit()
        except RotationRunsError:
            self.world.session.rollback()

    # What AWS and others do

    @rule(method=st.sampled_from(METHODS), code=st.sampled_from(["throttled", "aws_unreachable"]))
    def fail(self, method: str, code: str) -> None:
        self.world.aws.fail_next(method, code)

    @rule(made=st.sampled_from([True, False, "later"]))
    def lose_answer(self, made: bool | str) -> None:
        self.world.aws.lose_next_answer(made=made)

    @rule(service=st.sampled_from(["sts", "iam", "s3"]))
    def refuse(self, service: str) -> None:
        self.world.aws.refuse_at(service)

    @rule(method=st.sampled_from(PERMISSIONS), allowed=st.booleans())
    def permissions(self, method: str, allowed: bool) -> None:
        (self.world.aws.allow if allowed else self.world.aws.deny)(method)

    @rule()
    def somebody_makes_a_key(self) -> None:
        if len(self.world.aws.keys_of(USER)) < 2:
            self.foreign.add(self.world.aws.add_key(USER).access_key_id)

    @rule()
    def somebody_deletes_their_keys(self) -> None:
        while self.foreign:
            self.world.aws.remove_key(self.foreign.pop())

    @rule()
    def lost_requests_are_carried_out(self) -> None:
        if len(self.world.aws.keys_of(USER)) < 2:
            self.world.aws.carry_out_late()
        self.world.aws._late.clear()

    # Time, workers and their deaths

    @rule(seconds=st.sampled_from([1, 10, 70, HOUR, DAY, 5 * DAY]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)
        self.world.aws.clock.advance(seconds)
        self.consume()

    @rule(seconds=st.sampled_from([-HOUR, -70, 70, HOUR]))
    def our_clock_steps(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(die_at=st.one_of(st.just(0), st.integers(1, 60)))
    def workers_work(self, die_at: int) -> None:
        run_killed(self.world, die_at, self.world.sweep)

    @rule(die_at=st.one_of(st.just(0), st.integers(1, 120)), minutes=st.sampled_from([3, 30]))
    def workers_go_on(self, die_at: int, minutes: int) -> None:
        before = self.world.clock.now()
        run_killed(self.world, die_at, lambda: self.world.pass_time(minutes * 60))
        self.world.aws.clock.advance((self.world.clock.now() - before).total_seconds())

    # What must hold

    def consume(self) -> None:
        if self.there():
            self.world.aws.use_key(self.world.pair().access_key_id)

    @precondition(there)
    @invariant()
    def a_consumer_is_never_refused(self) -> None:
        assert self.world.consumer_call_works()

    @invariant()
    def never_more_than_two_keys(self) -> None:
        assert len(self.world.aws.keys_of(USER)) <= 2

    @precondition(there)
    @invariant()
    def no_key_is_unknown(self) -> None:
        keys = self.world.access_keys()
        unknown = set(self.world.aws.keys_of(USER)) - {key.access_key_id for key in keys} - self.foreign
        told = [key for key in keys if key.state in {KeyState.PENDING, KeyState.LOST}]
        assert len(unknown) <= len(told), f"{unknown} isn't told as lost"

    @invariant()
    def nobody_elses_key_is_deleted(self) -> None:
        calls = self.world.aws.calls_of("delete_key")
        new, self.deletions = calls[self.deletions :], len(calls)
        assert not {call.access_key_id for call in new if call.outcome == "ok"} & self.foreign

    def teardown(self) -> None:
        """Once nothing goes wrong any more, all ends: nothing is stuck."""
        world = self.world
        if not hasattr(self, "foreign") or not self.there():
            return
        aws = world.aws
        aws._failures, aws._lost, aws._late, aws._refusals, aws._denied = {}, [], [], {}, set()
        self.somebody_deletes_their_keys()
        before = world.clock.now()
        world.pass_time(2 * HOUR)
        aws.clock.advance((world.clock.now() - before).total_seconds())
        stuck = [row for row in world.rotations() if row.is_open and not (row.wait_until and row.wait_until > before)]
        assert not stuck, f"{[(row.state, row.wait_code, row.wait_until) for row in stuck]}"
        assert world.consumer_call_works()


def test_promises_hold_in_any_order(world):
    world.rotate()
    world.clock.advance(3 * DAY)
    AnyOrder.world, AnyOrder.saved = world, world.save()
    chosen = settings(
        max_examples=EXAMPLES or 10, stateful_step_count=30, derandomize=not EXAMPLES, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(AnyOrder, settings=chosen)
