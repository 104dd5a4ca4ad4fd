"""The web: granian, with forked processes that share what was imported before."""

from __future__ import annotations

import gc
import os
import resource

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from app import create_app
from config import Config
from models.engine import open_database
from supervisor import logs
from supervisor.front.changes import Changes
from supervisor.front.rsgi import Front, Wsgi
from supervisor.front.waiting import Waiting
from views.frame.security import BODY_LIMIT

_THREADS = 2 * (os.cpu_count() or 1) + 1
"""Requests that one process works on at a time: more would only wait for each other."""

_MOST = 4096
"""Requests that one process holds at a time, those that wait included."""
_BACKLOG = 2048


def make_app() -> Flask:
    """The app of one web process."""
    config = Config.from_env()
    logs.configure(config)
    return create_app(config)


def make() -> Front:
    """What one web process serves."""
    return behind_front(make_app())


def behind_front(wsgi: Wsgi) -> Front:
    """The app with what holds requests that wait before it."""
    changes = Changes(open_database(Config.from_env().database, pool_size=1, max_overflow=0))
    return Front(wsgi, Waiting(changes.look), _THREADS, BODY_LIMIT)


def main(factory: str = "supervisor.web:make") -> None:
    """Serve until a signal what `factory` makes in each process."""
    config = Config.from_env()
    _allow_open_files()
    gc.freeze()  # what is imported by now stays shared between the forks
    Granian(
        factory,
        factory=True,
        interface=Interfaces.RSGI,
        address=config.host,
        port=config.port,
        workers=config.web_processes,
        backlog=_BACKLOG,
        backpressure=_MOST,
        respawn_failed_workers=True,
        workers_kill_timeout=2,
        log_level=LogLevels.warning,
        log_access=False,  # addresses hold one-time tokens
    ).serve()


def _allow_open_files() -> None:
    """Let each process have as many connections as it holds requests: the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST if hard == resource.RLIM_INFINITY else min(2 * _MOST, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


if __name__ == "__main__":
    main()
