"""A real Redis, and an installation whose worker forks for real, against practice AWS."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from config import Config
from jobs.queue import Courier, connect
from models import Connection, Project, Rotation, RotationStrategy, Trigger
from models.engine import open_database
from models.project import create_project
from models.secret import current_values, write_secret
from practice.seed import PracticeAws, PracticeUser
from rotation.provider import KeyPair
from rotation.requests import request_rotation
from supervisor.prepare import prepare
from supervisor.redis_server import answers, executable
from tests import turned
from tests.practice_aws import new_name
from tests.processes.conftest import environment
from tests.processes.processes import ROOT, wait_for

# As `run_worker` does, but it ends when there is nothing left to do.
BURST = """
import functools, sys, rq
rq.Worker.work = functools.partialmethod(rq.Worker.work, burst=True)
from jobs.worker import run_worker
run_worker(sys.argv[1])
"""


# It says that it is alive every second, and that counts for two.
LASTING = """
import sys
from jobs import worker
worker._BEAT_S, worker._ALIVE_S = 1, 2
worker.run_worker(sys.argv[1])
"""


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """A Redis of the test's own; its address."""
    server, path = executable(), folder / "redis.sock"
    assert server is not None
    command = (server, "--port", "0", "--unixsocket", path, "--dir", folder, "--save", "", "--appendonly", "yes")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: answers(path), "Redis")
            yield f"unix://{path}"
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    # A socket's name is short, and pytest's folders aren't.
    with tempfile.TemporaryDirectory(prefix="keyturn-redis-") as folder, running_redis(Path(folder)) as url:
        yield url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of an empty Redis."""
    client = connect(redis_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def courier(redis: Redis) -> Courier:
    return Courier(redis)


class Workplace:
    """A strategy of a target at practice AWS, verified in two rounds without a gap.

    Its secrets hold the target's key from the start.
    """

    def __init__(self, folder: Path, redis: Redis, redis_url: str, aws: PracticeAws, permissions: tuple[str, ...]):
        self.redis, self.redis_url, self.aws = redis, redis_url, aws
        self.config = Config(instance=folder / "instance", redis_url=redis_url, aws_endpoint_url=aws.endpoint_url)
        engine, self.keyring = prepare(self.config)
        engine.dispose()
        self.engine = open_database(self.config.database)
        self.courier = Courier(redis)
        self.manager = aws.make_manager(new_name("manager"), permissions=permissions)
        self.target = aws.make_target(new_name("target"))
        self.strategy_id = self._make_strategy(self.manager, self.target)

    def _make_strategy(self, manager: PracticeUser, target: PracticeUser) -> int:
        with self.session() as session, session.begin():
            project = create_project(session, self.keyring, "payments", datetime.now(UTC))
            session.flush()
            made = turned.strategy(session, self.keyring, project, target.user_name, days=None)
            made.set_target(target.user_name, None)
            held = (
                (made.access_key_secret, target.key.access_key_id),
                (made.secret_key_secret, target.key.secret_access_key),
            )
            for secret, text in held:
                write_secret(
                    session, project.sealing_key(self.keyring), secret, text.encode(), now=datetime.now(UTC),
                    author="bob", reason="edited",
                )  # fmt: skip
            connection = session.get_one(Connection, made.connection_id)
            connection.access_key_id, connection.region = manager.key.access_key_id, self.aws.region
            connection.account_id = connection.manager = ""
            connection.set_secret(project.sealing_key(self.keyring), manager.key.secret_access_key)
            connection.verify_rounds, connection.verify_gap_s = 2, 0
            return made.id

    def session(self) -> Session:
        return Session(self.engine, expire_on_commit=False)

    def change_connection(self, **values: object) -> None:
        with self.session() as session, session.begin():
            strategy = session.get_one(RotationStrategy, self.strategy_id)
            for name, value in values.items():
                setattr(strategy.connection, name, value)

    def request(self) -> int:
        """What pressing Rotate leaves in the database; nothing is sent to Redis."""
        with self.session() as session, session.begin():
            strategy = session.get_one(RotationStrategy, self.strategy_id)
            now = datetime.now(UTC)
            return request_rotation(session, strategy, by="bob", trigger=Trigger.BUTTON, now=now)[0].id

    def rotation(self, rotation_id: int) -> Rotation:
        with self.session() as session:
            return session.get_one(Rotation, rotation_id)

    def published(self) -> KeyPair:
        """What programs read."""
        with self.session() as session:
            strategy = session.get_one(RotationStrategy, self.strategy_id)
            key = session.get_one(Project, strategy.project_id).sealing_key(self.keyring)
            ids = (strategy.access_key_secret_id, strategy.secret_key_secret_id)
            values = current_values(session, key, ids)
            return KeyPair(*(values[secret_id].decode() for secret_id in ids))

    def caller(self, pair: KeyPair) -> str:
        """Whose the pair is, by AWS's word."""
        return self.aws.client("sts", pair).get_caller_identity()["Arn"].rpartition("/")[2]

    @property
    def env(self) -> dict[str, str]:
        return environment(
            self.config.instance, REDIS_URL=self.redis_url, AWS_ENDPOINT_URL=self.config.aws_endpoint_url
        )

    def start_worker(self, script: str = BURST) -> subprocess.Popen[bytes]:
        """A worker; by default it ends when there is nothing left to do."""
        command = (sys.executable, "-c", script, self.redis_url)
        return subprocess.Popen(command, cwd=ROOT, env=self.env)

    def work(self) -> None:
        """Let a worker do all that is queued."""
        assert self.start_worker().wait(60) == 0


@pytest.fixture
def make_workplace(tmp_path, redis, redis_url, practice):
    """Makes a workplace whose manager has these permissions."""
    made = []

    def make(permissions: tuple[str, ...]) -> Workplace:
        made.append(Workplace(tmp_path, redis, redis_url, practice, permissions))
        return made[-1]

    yield make
    for workplace in made:
        workplace.engine.dispose()
