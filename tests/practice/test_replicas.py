"""A new key is refused for some seconds, and then not everywhere at once."""

from __future__ import annotations

from practice.behaviour import Behaviour
from practice.replicas import Replicas

KEY = "AKIAEXAMPLE000000001"


class Seconds:
    now = 0.0

    def __call__(self):
        return self.now


def replicas(clock, **behaviour):
    return Replicas(Behaviour(**{"propagation_s": (3.0, 12.0), **behaviour}), clock)


def asked(replicas, times=200):
    return {replicas.know(KEY) for _ in range(times)}


def test_no_replica_knows_a_key_before_the_shortest_time():
    clock = Seconds()
    some = replicas(clock)
    some.announce(KEY)
    clock.now = 2.9
    assert asked(some) == {False}


def test_between_the_times_a_success_can_be_followed_by_a_refusal():
    clock = Seconds()
    some = replicas(clock, seed=1)
    some.announce(KEY)
    seen = []
    for tenth in range(30, 120):
        clock.now = tenth / 10
        seen.append(asked(some))
    assert {True, False} in seen
    assert seen == sorted(seen, key=lambda answers: (True in answers, False not in answers))


def test_all_replicas_know_it_after_the_longest_time():
    clock = Seconds()
    some = replicas(clock)
    some.announce(KEY)
    clock.now = 12.0
    assert asked(some) == {True}


def test_a_key_that_was_there_before_is_known():
    assert asked(replicas(Seconds())) == {True}


def test_a_seed_repeats_its_plan():
    def plan(seed):
        clock = Seconds()
        some = replicas(clock, seed=seed)
        some.announce(KEY)
        clock.now = 7.0
        return [some.know(KEY) for _ in range(50)]

    assert plan(5) == plan(5)
    assert len({tuple(plan(seed)) for seed in range(10)}) > 1
