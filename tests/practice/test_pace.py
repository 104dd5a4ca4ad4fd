"""How long answers take, how many calls are taken, and how late a use is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import quantiles

import pytest
from botocore.exceptions import ClientError

from practice.behaviour import Behaviour
from practice.behaviour.last_use import LastUses
from practice.behaviour.pace import Pace
from practice.request import Request
from tests.practice_aws import new_name

KEY = "AKIAEXAMPLE000000001"
START = datetime(2026, 11, 24, 12, tzinfo=UTC)


def latencies(**behaviour):
    pace = Pace(Behaviour(latency_s=0.1, **behaviour), lambda: 0.0)
    return [pace.latency_s() for _ in range(2000)]


def test_latency_is_even_without_a_tail():
    assert set(latencies()) == {0.1}


def test_a_tail_leaves_the_median_and_makes_few_answers_slow():
    percents = quantiles(latencies(latency_tail=1.0), n=100)
    assert percents[49] == pytest.approx(0.1, rel=0.1)
    assert percents[98] > 0.7


def test_a_seed_repeats_its_latencies():
    assert latencies(latency_tail=1.0, seed=3) == latencies(latency_tail=1.0, seed=3)
    assert latencies(latency_tail=1.0, seed=3) != latencies(latency_tail=1.0, seed=4)


class Bucket:
    def __init__(self, **behaviour):
        self.now = 0.0
        self._pace = Pace(Behaviour(**behaviour), lambda: self.now)

    def admitted(self, times, service="iam"):
        return sum(self._pace.admits(service) for _ in range(times))


def test_any_number_of_calls_is_taken_without_the_switch():
    assert Bucket().admitted(1000) == 1000


def test_a_bucket_takes_a_burst_and_then_its_rate():
    bucket = Bucket(throttle_per_s=2, throttle_burst=5)
    assert bucket.admitted(20) == 5
    bucket.now = 2.0
    assert bucket.admitted(20) == 4
    bucket.now = 1000.0
    assert bucket.admitted(20) == 5


def test_each_service_has_a_bucket_of_its_own():
    bucket = Bucket(throttle_per_s=1, throttle_burst=3)
    assert [bucket.admitted(9, service) for service in ("iam", "sts")] == [3, 3]


def test_who_asks_too_often_is_throttled(practice):
    user = practice.make_target(new_name("billing-api"))
    practice.set(throttle_per_s=0.001, throttle_burst=2)
    sts = practice.client("sts", user.key)
    for _ in range(2):
        sts.get_caller_identity()
    with pytest.raises(ClientError, match="Throttling"):
        sts.get_caller_identity()


class Uses:
    def __init__(self, **behaviour):
        self.now = START
        self._uses = LastUses(Behaviour(**behaviour), lambda: self.now)

    def use(self, at_s, service="s3"):
        self.now = START + timedelta(seconds=at_s)
        header = f"AWS4-HMAC-SHA256 Credential={KEY}/20261124/eu-west-1/{service}/aws4_request"
        self._uses.note(Request("POST", "/", {"authorization": header}, b""))

    def told(self, at_s):
        self.now = START + timedelta(seconds=at_s)
        told = self._uses.told(KEY)
        return told and ((told[0] - START).total_seconds(), *told[1:])


def test_a_use_is_told_late():
    uses = Uses(last_use_lag_s=60)
    uses.use(0)
    assert uses.told(59) is None
    assert uses.told(60) == (0, "s3", "eu-west-1")


def test_a_use_that_is_told_stays_while_a_newer_one_is_on_its_way():
    uses = Uses(last_use_lag_s=60)
    uses.use(0)
    uses.use(100, "iam")
    assert uses.told(159) == (0, "s3", "eu-west-1")
    assert uses.told(160) == (100, "iam", "eu-west-1")


def test_of_the_uses_within_a_step_the_first_is_told():
    uses = Uses(last_use_step_s=900)
    for at_s in (0, 10, 899):
        uses.use(at_s)
    assert uses.told(899)[0] == 0
    uses.use(900)
    assert uses.told(900)[0] == 900


def test_aws_tells_no_use_before_its_time(practice):
    user = practice.make_target(new_name("billing-api"))
    practice.set(last_use_lag_s=3600)
    practice.client("sts", user.key).get_caller_identity()
    ask = practice.iam.get_access_key_last_used
    assert ask(AccessKeyId=user.key.access_key_id)["AccessKeyLastUsed"]["ServiceName"] == "N/A"
    practice.set(last_use_lag_s=0)
    assert ask(AccessKeyId=user.key.access_key_id)["AccessKeyLastUsed"]["ServiceName"] == "sts"
