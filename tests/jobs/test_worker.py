"""A real worker that forks, with a real Redis and practice AWS: from a queued row to a turned key."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta

from redis.exceptions import ConnectionError as RedisIsAway

from crypto import Keyring
from jobs import worker
from jobs.periodic import PeriodicScheduler, periodic_jobs
from models import Project, Rotation, RotationStrategy, SharedSession, State
from practice.seed import FIVE_PERMISSIONS, THREE_PERMISSIONS
from rotation.programs.sessions import want_session
from rotation.provider import KeyPair
from tests.api import programs
from tests.processes.processes import kill_family, wait_for


def test_a_rotation(make_workplace):
    place = make_workplace(THREE_PERMISSIONS)
    rotation_id = place.request()
    place.courier.rotation(rotation_id)
    place.work()
    rotation = place.rotation(rotation_id)
    assert (rotation.state, rotation.error_code, rotation.claims) == (State.SUCCEEDED, "", 1)
    assert place.caller(place.published()) == place.target.user_name
    assert place.published() != place.target.key
    assert place.caller(place.target.key) == place.target.user_name, "the old key works through its grace"


def test_a_rotation_that_waits_gives_its_worker_back(make_workplace, redis):
    place = make_workplace(FIVE_PERMISSIONS)
    place.change_connection(verify_gap_s=1)
    rotation_id = place.request()
    place.courier.rotation(rotation_id)
    place.work()
    waiting = place.rotation(rotation_id)
    assert (waiting.state, waiting.good_rounds, waiting.lease_until) == (State.VERIFYING, 0, None)
    scheduler = PeriodicScheduler([], redis)
    wait_for(lambda: list(scheduler.enqueue_jobs()) or place.courier.state().waiting, "its time")
    assert datetime.now(UTC) >= waiting.wait_until
    place.work()
    assert place.rotation(rotation_id).good_rounds == 1


def test_a_loss_of_redis_costs_no_more_than_a_sweep(make_workplace, redis):
    place = make_workplace(THREE_PERMISSIONS)
    rotation_id = place.request()
    place.courier.rotation(rotation_id)
    redis.flushall()
    place.work()
    assert place.rotation(rotation_id).state == State.QUEUED
    PeriodicScheduler(periodic_jobs(place.config), redis).enqueue_jobs()
    place.work()
    assert place.rotation(rotation_id).state == State.SUCCEEDED


def test_the_sweep_has_a_wanted_session_fetched(make_workplace, redis):
    place = make_workplace(THREE_PERMISSIONS)
    rotation_id = place.request()
    place.courier.rotation(rotation_id)
    place.work()
    with place.session() as session:
        strategy = session.query(RotationStrategy).one()
        programs.token(session, strategy)
        want_session(session, strategy, datetime.now(UTC))
        session.commit()
    PeriodicScheduler(periodic_jobs(place.config), redis).enqueue_jobs()
    place.work()
    with place.session() as session:
        shared = session.query(SharedSession).one()
        project = session.query(Project).one()
        key = Keyring.load("", place.config.instance / "master.key")
        pair = KeyPair(*json.loads(shared.open(project.sealing_key(key))))
    assert place.caller(pair) == place.target.user_name


def test_a_key_whose_answer_and_worker_are_lost_costs_no_key_in_use(make_workplace, redis, practice):
    """Two well-known products delete the key in use at the next try: it is the target's oldest."""
    place = make_workplace(THREE_PERMISSIONS)
    in_use = place.target.key
    practice.fail("hang", "CreateAccessKey", user=place.target.user_name, when="after", seconds=60)
    lost = place.request()
    place.courier.rotation(lost)
    process = place.start_worker()
    wait_for(lambda: place.rotation(lost).access_key_id and len(keys_at_aws(place)) == 2, "the key at AWS")
    kill_family(process)
    redis.flushall()
    practice.clear_faults()
    for code in ("answer_lost", "two_keys"):
        rotation_id = place.request()
        let_lease_run_out(place, rotation_id)
        place.courier.rotation(rotation_id, place.rotation(rotation_id).claims)
        place.work()
        assert place.rotation(rotation_id).error_code == code
        assert place.published() == in_use
        assert place.caller(in_use) == place.target.user_name


def test_a_worker_outlives_a_redis_that_is_away(monkeypatch):
    monkeypatch.setattr(worker, "_PAUSE_WITHOUT_REDIS_S", 0)
    tries = iter([RedisIsAway(), RedisIsAway(), None])

    class Once:
        def work(self, **_):
            if error := next(tries):
                raise error

    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        worker.work(Once)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, "a signal ends it while it waits"
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert list(tries) == []


def keys_at_aws(place) -> list[str]:
    listed = place.aws.iam.list_access_keys(UserName=place.target.user_name)
    return [key["AccessKeyId"] for key in listed["AccessKeyMetadata"]]


def let_lease_run_out(place, rotation_id) -> None:
    with place.session() as session, session.begin():
        rotation = session.get_one(Rotation, rotation_id)
        if rotation.lease_until is not None:
            rotation.lease_until = datetime.now(UTC) - timedelta(seconds=1)
