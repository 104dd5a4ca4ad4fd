"""A real worker whose fork is killed by SIGKILL while another store, or a receiver, is about to answer: it is made up.

What the dead one had is let go after a time that no test waits for: that it has passed is written into the database.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from sqlalchemy import select, update

from jobs.periodic import PeriodicScheduler, bring_forward, periodic_jobs
from models import (
    AccessKey,
    Copy,
    Delivery,
    Destination,
    KeyState,
    Kind,
    Project,
    RetireWhen,
    RotationStrategy,
    Webhook,
)
from models.base import new_id
from models.telling.deliveries import Outcome, send_to
from models.telling.outbox import tell
from practice.seed import THREE_PERMISSIONS
from practice.stores.github import GitHub, Token
from practice.stores.server import Asked, Told
from rotation.copies.kinds import KINDS
from rotation.when.sweep import sweep_once
from tests.jobs.conftest import LASTING, Workplace
from tests.processes.processes import kill_family, wait_for
from tests.rotation.telling.receiver import receiving

TOKEN = "example-token-of-the-shop"
ID, KEY = "SHOP_KEY_ID", "SHOP_SECRET_KEY"
REPOSITORY = "repos/acme/shop"


class SlowGitHub(GitHub):
    """GitHub that lets who writes a certain name wait, before it has taken the value or after."""

    def __init__(self) -> None:
        super().__init__({TOKEN: Token(frozenset({"secrets:read", "secrets:write"}))})
        self.waits_at, self.has_taken = "", False
        self.waits, self.goes_on = threading.Event(), threading.Event()

    def wait_at(self, name: str, *, has_taken: bool) -> None:
        self.waits_at, self.has_taken = name, has_taken

    def answer(self, asked: Asked) -> Told:
        waits = asked.method == "PUT" and asked.path[-1] == self.waits_at
        told = super().answer(asked) if self.has_taken or not waits else None
        if waits:
            self.waits_at = ""
            self.waits.set()
            self.goes_on.wait(30)
        return told or Told(500)

    def values(self) -> dict[str, str]:
        return {name: secret.value for name, secret in self.places[REPOSITORY].secrets.items()}


@pytest.fixture
def place(make_workplace):
    return make_workplace(THREE_PERMISSIONS)


@contextmanager
def working(place: Workplace) -> Iterator[psutil.Process]:
    """A worker that stays."""
    process = place.start_worker(LASTING)
    try:
        yield psutil.Process(process.pid)
    finally:
        kill_family(process)


def kill_fork(worker: psutil.Process) -> None:
    """As an out-of-memory killer does. The worker itself goes on."""
    (fork,) = worker.children()
    fork.kill()
    wait_for(lambda: not fork.is_running() or fork.status() == psutil.STATUS_ZOMBIE, "its end")
    assert worker.is_running()


def sweep(place: Workplace) -> None:
    """As rq-scheduler does, without its pauses."""
    jobs = periodic_jobs(place.config)
    bring_forward(place.redis, jobs, datetime.now(UTC))
    PeriodicScheduler(jobs, place.redis).enqueue_jobs()


def one(place: Workplace, kind: type):
    with place.session() as session:
        return session.scalars(select(kind)).one()


def copy_to(place: Workplace, github: GitHub) -> None:
    """Have the strategy's next key copied; whatever became old by it has outlived its time at once."""
    kind, now = KINDS["github"], datetime.now(UTC)
    settings = {each.name: each.default for each in kind.settings}
    settings |= {"base_url": github.url, "owner": "acme", "repository": "shop"}
    with place.session() as session, session.begin():
        strategy = session.scalars(select(RotationStrategy)).one()
        strategy.retire_when, strategy.grace_s, strategy.deadline_s = RetireWhen.DEADLINE.value, 0, 0
        destination = Destination(
            id=new_id(), project_id=strategy.project_id, name="shop", kind=kind.id, settings=settings,
            allows_private=True, created_at=now, created_by="bob",
        )  # fmt: skip
        project = session.get_one(Project, strategy.project_id)
        destination.set_credential(project.sealing_key(place.keyring), TOKEN)
        session.add(destination)
        session.flush()
        session.add(
            Copy(
                project_id=project.id, destination_id=destination.id, strategy_id=strategy.id,
                names={"access_key_id": ID, "secret_access_key": KEY}, created_at=now, created_by="bob",
            )
        )  # fmt: skip


def pass_time_at(place: Workplace, **columns: datetime) -> None:
    """Let what a dead worker had be let go."""
    kind = Copy if "busy_until" in columns else Delivery
    with place.session() as session, session.begin():
        session.execute(update(kind).values(**columns))


def old_key(place: Workplace) -> AccessKey:
    with place.session() as session:
        keys = session.scalars(select(AccessKey).where(AccessKey.state != KeyState.ACTIVE.value)).all()
    (found,) = keys
    return found


def keys_at_aws(place: Workplace) -> set[str]:
    listed = place.aws.iam.list_access_keys(UserName=place.target.user_name)["AccessKeyMetadata"]
    return {key["AccessKeyId"] for key in listed}


@pytest.mark.parametrize(("name", "has_taken"), [(ID, False), (KEY, True)], ids=["first, not taken", "last, taken"])
def test_a_copy(place, name, has_taken):
    """The old key lives until the copy is there."""
    with SlowGitHub() as github, working(place) as worker:
        copy_to(place, github)
        github.wait_at(name, has_taken=has_taken)
        place.courier.rotation(place.request())
        wait_for(lambda: place.published() != place.target.key, "the publication")
        sweep(place)
        assert github.waits.wait(30)
        kill_fork(worker)
        github.goes_on.set()
        new = place.published()
        wanted = {ID: new.access_key_id, KEY: new.secret_access_key}

        wait_for(lambda: sweep(place) or old_key(place).error_code == "copy_behind", "a look at the old key")
        taken = one(place, Copy)
        assert (taken.tries, taken.is_behind, taken.busy_until > datetime.now(UTC)) == (1, True, True)
        with place.session() as session:
            assert sweep_once(session, datetime.now(UTC)).copies == [], "a worker has it, for all that others know"
        assert (github.values() == wanted) is has_taken
        both = {place.target.key.access_key_id, new.access_key_id}
        assert keys_at_aws(place) == both
        assert place.caller(place.target.key) == place.target.user_name

        pass_time_at(place, busy_until=datetime.now(UTC))
        wait_for(lambda: sweep(place) or not one(place, Copy).is_behind, "the copy")
        assert github.values() == wanted
        writes = [asked.path[-1] for asked in github.asked if asked.method == "PUT"]
        assert writes == ([ID, ID, KEY] if name == ID else [ID, KEY, KEY]), "it is gone on with, and not begun anew"
        assert one(place, Copy).tries == 2
        wait_for(lambda: sweep(place) or keys_at_aws(place) == {new.access_key_id}, "the old key's end")


def test_a_delivery(place):
    with receiving() as receiver, working(place) as worker:
        with place.session() as session, session.begin():
            project, now = session.scalars(select(Project)).one(), datetime.now(UTC)
            webhook = Webhook(
                id=new_id(), project_id=project.id, name="deploys", url=receiver.url, allows_private=True,
                created_at=now, created_by="bob",
            )  # fmt: skip
            webhook.give_secret(project.sealing_key(place.keyring))
            session.add(webhook)
            session.flush()
            event = tell(session, Kind.TEST, now, project_id=project.id, sent_by="bob")
            send_to(session, event, webhook, now)
        receiver.hold.clear()
        sweep(place)
        wait_for(lambda: receiver.received, "the delivery")
        kill_fork(worker)
        receiver.hold.set()
        taken = one(place, Delivery)
        assert (taken.outcome, taken.answers, taken.next_at > datetime.now(UTC)) == (Outcome.WAITING, [], True)
        with place.session() as session:
            assert sweep_once(session, datetime.now(UTC)).deliveries == [], "a worker has it, for all others know"

        pass_time_at(place, next_at=datetime.now(UTC) - timedelta(seconds=1))
        wait_for(lambda: sweep(place) or one(place, Delivery).outcome == Outcome.DELIVERED, "the delivery")
        first, second = receiver.received
        assert first.headers["webhook-id"] == second.headers["webhook-id"], "who is told knows it for the same"
        assert json.loads(first.body)["data"] == json.loads(second.body)["data"]
        assert len(one(place, Delivery).answers) == 1
