"""What a job works with, made once per worker process from the environment."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property

from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config import Config
from crypto import Keyring
from jobs.queue import connect
from models import Connection, Project, RotationStrategy
from models.engine import begin_reading, open_database
from rotation.clock import DatabaseClock
from rotation.provider import Provider
from rotation.providers import provider_for
from rotation.reach.ways import access_of, session_name
from rotation.work import Timing, Tools


@dataclass(frozen=True)
class Runtime:
    """Settings, keyring and database of this process."""

    config: Config
    keyring: Keyring
    engine: Engine
    clock: DatabaseClock

    @cached_property
    def redis(self) -> Redis:
        """The way to the queue: opened at first use, and so never before the fork."""
        return connect(self.config.redis)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session for one job. Its objects outlive commits: the engine holds no transaction while AWS is asked."""
        with Session(self.engine, expire_on_commit=False) as session:
            self.clock.follow(session)
            yield session

    def tools(self, session: Session, strategy_id: int, rotation_id: int | None = None) -> Tools:
        """The engine's collaborators for the strategy, or one rotation of it.

        Raises crypto.CannotOpenError with the wrong master key.
        """
        begin_reading(session)
        strategy = session.get_one(RotationStrategy, strategy_id)
        connection = session.get_one(Connection, strategy.connection_id)
        provider = self._provider(session, strategy, connection, rotation_id)
        session.commit()
        timing = Timing(
            lease_s=self.config.lease_s,
            last_use_lag_s=self.config.last_use_lag_s,
            last_use_poll_s=self.config.last_use_poll_s,
            handed_margin_s=self.config.handed_margin_s,
        )
        return Tools(session, provider, self.keyring, self.clock, timing, _owner(), connection)

    def _provider(
        self, session: Session, strategy: RotationStrategy, connection: Connection, rotation_id: int | None
    ) -> Provider:
        project = session.get_one(Project, strategy.project_id)
        name = session_name(strategy.id, rotation_id)
        endpoint, itself = self.config.aws_endpoint_url, strategy.turns_manager
        return provider_for(strategy.kind, access_of(connection, project, self.keyring, name, endpoint, itself=itself))


def _owner() -> str:
    """This process, as the owner of a lease. The parent is the worker: a forked job's own number says nothing."""
    return f"worker {socket.gethostname()}:{os.getppid()}.{os.getpid()}"


@cache
def runtime() -> Runtime:
    """The runtime of this process.

    The worker makes it before it forks, and opens no connection with it: a forked connection would serve two masters.
    Raises config.ConfigError and crypto.MasterKeyError.
    """
    config = Config.from_env()
    return Runtime(
        config,
        Keyring.load(config.master_key, config.instance / "master.key"),
        open_database(config.database),
        DatabaseClock(),
    )
