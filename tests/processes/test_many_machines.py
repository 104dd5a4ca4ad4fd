"""Keyturn spread over machines: a folder for each process; PostgreSQL, Redis and the master key are shared."""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bench.filling import with_strategies
from bench.running import Instance
from config import Config
from models import Rotation, RotationStrategy, State
from models.people import create_user
from models.user import start_session
from practice.behaviour import Behaviour
from supervisor.ports import free_port
from tests.databases.fixtures import new_database
from tests.databases.server import Server, server
from tests.jobs.conftest import running_redis
from tests.processes.conftest import KEYTURN
from tests.processes.processes import Run, wait_for

pytestmark = pytest.mark.postgres

STRATEGIES = 6
PROGRAMS = ("scheduler", "scheduler", "worker", "worker", "worker", "worker", "web", "web")
VERIFY = {"verify_rounds": 2, "verify_gap_s": 1}
NO_PAUSES = {"grace_s": 0, "quiet_s": 0, "watch_s": 0}
MASTER_KEY = base64.b64encode(b"k" * 32).decode()


@dataclass
class Machines:
    """All that runs, and the addresses of the webs."""

    at: Instance
    postgres: Server
    runs: list[Run]
    webs: list[str]

    def let_all_fall_due(self) -> datetime:
        now = datetime.now(UTC)
        with Session(self.at.engine) as session, session.begin():
            session.execute(update(RotationStrategy).values(due_at=now, **NO_PAUSES))
        return now

    def outcomes(self, due_at: datetime) -> list[str]:
        with Session(self.at.engine) as session:
            return list(session.scalars(select(Rotation.state).where(Rotation.due_at == due_at)))


@contextmanager
def running(at: Instance, folder: Path) -> Iterator[tuple[list[Run], list[str]]]:
    runs, webs = [], []
    try:
        for number, program in enumerate(PROGRAMS):
            own = {"KEYTURN_INSTANCE": str(folder / f"machine-{number}")}
            if program == "web":
                port = str(free_port("127.0.0.1", 0))
                own |= {"PORT": port, "KEYTURN_WEB_PROCESSES": "1"}
                webs.append(f"http://127.0.0.1:{port}")
            runs.append(Run((*KEYTURN, program), folder / f"log-{number}", at.env | own))
        yield runs, webs
    finally:
        for run in runs:
            run.close()


@pytest.fixture(scope="module")
def machines(tmp_path_factory, practice_process):
    practice_process.set(**{**vars(Behaviour()), "propagation_s": [0, 0]})
    folder = tmp_path_factory.mktemp("machines")
    short = tmp_path_factory.mktemp("r")
    with server() as postgres, new_database(postgres.address) as url, running_redis(short) as redis_url:
        shared = {
            "DATABASE_URL": url.replace("+psycopg", ""), "REDIS_URL": redis_url, "KEYTURN_MASTER_KEY": MASTER_KEY,
            "KEYTURN_SWEEP_PERIOD": "1", "KEYTURN_LEASE": "5", "KEYTURN_LAST_USE_LAG": "0",
            "KEYTURN_LAST_USE_POLL": "1",
        }  # fmt: skip
        with (
            with_strategies(practice_process, STRATEGIES, verify=VERIFY, **shared) as at,
            running(at, folder) as (runs, webs),
        ):
            yield Machines(at, postgres, runs, webs)
            at.engine.dispose()


def is_ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz") as answer:  # noqa: S310 - the address of this test's own server
            return answer.status == HTTPStatus.OK
    except URLError:
        return False


def test_each_due_time_is_served_once(machines):
    due_at = machines.let_all_fall_due()
    wait_for(lambda: machines.outcomes(due_at) == [State.SUCCEEDED] * STRATEGIES, "the rotations")


def test_a_sign_in_holds_at_every_web(machines):
    for url in machines.webs:
        wait_for(lambda url=url: is_ready(url), "the web")
    with Session(machines.at.engine) as session, session.begin():
        ana = create_user(session, "ana", "a row of unrelated words", datetime.now(UTC))
        session.flush()
        token = start_session(session, ana, datetime.now(UTC), address="127.0.0.1", browser="Firefox")
    for url in machines.webs:
        page = Request(f"{url}/account", headers={"Cookie": f"{cookie(machines)}={token}"})  # noqa: S310 - as above
        with urlopen(page) as answer:  # noqa: S310
            assert answer.url == f"{url}/account"


def cookie(machines: Machines) -> str:
    from app import create_app

    config = Config.from_env(machines.at.env)
    return str(create_app(config).config["KEYTURN_SESSION_COOKIE"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
def test_they_outlive_the_database(machines, number):
    """Its connections are cut in mid-rotation, and for a moment there is none."""
    due_at = machines.let_all_fall_due()
    wait_for(lambda: State.VERIFYING in machines.outcomes(due_at), "a rotation on its way")
    machines.postgres.stop(number)
    machines.postgres.start()
    machines.at.engine.dispose()

    def ended():
        with Session(machines.at.engine) as session:
            left = select(func.count()).select_from(Rotation).where(Rotation.ended_at.is_(None))
            return session.scalar(left) == 0 and len(machines.outcomes(due_at)) == STRATEGIES

    wait_for(ended, "the rotations' end", within_s=120)
    assert machines.outcomes(due_at) == [State.SUCCEEDED] * STRATEGIES
    assert [run.process.poll() for run in machines.runs] == [None] * len(PROGRAMS)
    for url in machines.webs:
        wait_for(lambda url=url: is_ready(url), "the web")
