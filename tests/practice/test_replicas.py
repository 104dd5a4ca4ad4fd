"""A new key is refused for some seconds, an old one goes on for some, and not everywhere alike."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest

from practice.behaviour import Behaviour
from practice.behaviour.replicas import Replicas

KEY = "AKIAEXAMPLE000000001"
NONE: Mapping[str, tuple[None, bool]] = {}
ACTIVE = {KEY: (None, True)}
INACTIVE = {KEY: (None, False)}
WITHIN = {"propagation_s": (3.0, 12.0), "status_change_s": (3.0, 12.0), "deletion_s": (3.0, 12.0)}
CHANGES = [(NONE, ACTIVE), (ACTIVE, INACTIVE), (INACTIVE, ACTIVE), (ACTIVE, NONE)]


class Seconds:
    now = 0.0

    def __call__(self):
        return self.now


class Told:
    """Replicas that were told of these changes, one after the other, at once."""

    def __init__(self, *states, **behaviour):
        self.clock, self.truth = Seconds(), bool(states[-1].get(KEY, (None, False))[1])
        self.replicas = Replicas(Behaviour(**{**WITHIN, **behaviour}), self.clock)
        for before, after in pairwise(states):
            self.replicas.compare(before, after, new_are_known=False)

    def at(self, moment, times=200):
        """What calls at that moment meet."""
        self.clock.now = moment
        return {self.replicas.take(KEY, truth=self.truth) for _ in range(times)}


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_no_replica_learns_of_a_change_before_the_shortest_time(before, after):
    told = Told(before, after)
    assert told.at(2.9) == {not told.truth}


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_between_the_times_one_answer_can_be_followed_by_the_other(before, after):
    told = Told(before, after, seed=1)
    seen = [told.at(tenth / 10) for tenth in range(30, 120)]
    assert {True, False} in seen
    assert seen == sorted(seen, key=lambda met: (told.truth in met, (not told.truth) not in met))


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_all_replicas_know_of_it_after_the_longest_time(before, after):
    told = Told(before, after)
    assert told.at(12.0) == {told.truth}


def test_a_key_that_comes_and_goes_is_unknown_known_and_unknown():
    told = Told(NONE, ACTIVE, NONE, deletion_s=(20, 30))
    assert [told.at(moment) for moment in (1, 15, 30)] == [{False}, {True}, {False}]


def test_a_key_that_was_there_before_is_known():
    assert Replicas(Behaviour(), Seconds()).take(KEY, truth=True)


def test_a_deleted_key_is_kept_as_long_as_a_replica_may_take_it():
    clock, key = Seconds(), object()
    replicas = Replicas(Behaviour(**WITHIN), clock)
    replicas.compare({KEY: (key, True)}, {}, new_are_known=False)
    assert replicas.kept(KEY) is key
    clock.now = 12.0
    replicas.take(KEY, truth=False)
    assert replicas.kept(KEY) is None


def test_new_keys_can_be_known_at_once():
    replicas = Replicas(Behaviour(**WITHIN), Seconds())
    replicas.compare(NONE, ACTIVE, new_are_known=True)
    assert replicas.take(KEY, truth=True)


def test_a_seed_repeats_its_plan():
    def plan(seed):
        told = Told(NONE, ACTIVE, seed=seed)
        told.clock.now = 7.0
        return [told.replicas.take(KEY, truth=True) for _ in range(50)]

    assert plan(5) == plan(5)
    assert len({tuple(plan(seed)) for seed in range(10)}) > 1
