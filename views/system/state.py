"""How the parts beside the web are: asked at most every few seconds, and never for long."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from flask import current_app
from redis import Redis
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import migrations
from database import db
from jobs.queue import Courier
from models.engine import READ_ONLY
from models.reading.health import last_sweep
from views.frame.services import config, now

log = logging.getLogger(__name__)

ASK_AGAIN_S = 3
LATE = timedelta(seconds=15)
_LATE_PERIODS = 5
_REDIS_TIMEOUT_S = 0.5
_EXTENSION = "keyturn-system"


@dataclass(frozen=True)
class SystemState:
    """What holds now. `trouble` is the first of what is wrong."""

    database: bool
    schema: bool
    """Whether the database's schema is the one that this version needs."""
    redis: bool
    full: bool
    """Whether Redis answers but takes no further work."""
    workers: int
    waiting: int
    """Jobs in the queue."""
    swept_at: datetime | None
    is_late: bool
    """Whether the last sweep is too long ago, or never was."""

    @property
    def is_ready(self) -> bool:
        """Whether requests can be served in full."""
        return self.database and self.schema and self.redis

    @property
    def trouble(self) -> str:
        """`database`, `redis`, `full` (the queue), `workers`, `sweep`, or empty when all works."""
        checks = {
            "database": self.database and self.schema,
            "redis": self.redis,
            "full": not self.full,
            "workers": self.workers > 0,
            "sweep": not self.is_late,
        }
        return next((name for name, fine in checks.items() if not fine), "")


@dataclass
class _Watch:
    courier: Courier
    lock: threading.Lock = field(default_factory=threading.Lock)
    state: SystemState | None = None
    until: float = 0


def system_state() -> SystemState:
    """How the system is, at most a few seconds old. Never raises, and takes a second at most."""
    watch = _watch()
    with watch.lock:
        if watch.state is None or time.monotonic() >= watch.until:
            watch.state = _ask(watch.courier)
            watch.until = time.monotonic() + ASK_AGAIN_S
        return watch.state


def forget() -> None:
    """Ask anew the next time."""
    current_app.extensions.pop(_EXTENSION, None)


def late() -> timedelta:
    """From when on what should have happened is late: some sweeps."""
    return max(LATE, timedelta(seconds=config().sweep_period_s * _LATE_PERIODS))


def _watch() -> _Watch:
    if _EXTENSION not in current_app.extensions:
        times = {"socket_connect_timeout": _REDIS_TIMEOUT_S, "socket_timeout": _REDIS_TIMEOUT_S}
        redis = Redis.from_url(config().redis, **times)
        current_app.extensions.setdefault(_EXTENSION, _Watch(Courier(redis)))
    return cast("_Watch", current_app.extensions[_EXTENSION])


def _ask(courier: Courier) -> SystemState:
    queue = courier.state()
    database, schema, swept_at = _ask_database()
    is_late = swept_at is None or now() - swept_at > late()
    return SystemState(database, schema, queue.redis, queue.full, queue.workers, queue.waiting, swept_at, is_late)


def _ask_database() -> tuple[bool, bool, datetime | None]:
    # A session of its own: the request's may be in the middle of something that failed.
    try:
        with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
            if not migrations.is_current(session.connection()):
                return True, False, None
            return True, True, last_sweep(session)
    except SQLAlchemyError as error:
        log.warning("The database doesn't answer (%s)", type(error).__name__)
        return False, False, None
