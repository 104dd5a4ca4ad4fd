"""The web: granian, with forked processes that share what was imported before."""

from __future__ import annotations

import gc
import os

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from app import create_app
from config import Config
from supervisor import logs

_THREADS = 2 * (os.cpu_count() or 1) + 1
"""Requests that one process works on at a time: more would only wait for each other."""


def make_app() -> Flask:
    """The app of one web process."""
    config = Config.from_env()
    logs.configure(config)
    return create_app(config)


def main(factory: str = "supervisor.web:make_app") -> None:
    """Serve until a signal what `factory` makes in each process."""
    config = Config.from_env()
    gc.freeze()  # what is imported by now stays shared between the forks
    Granian(
        factory,
        factory=True,
        interface=Interfaces.WSGI,
        address=config.host,
        port=config.port,
        workers=config.web_processes,
        blocking_threads=_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=2,
        log_level=LogLevels.warning,
        log_access=False,  # addresses hold one-time tokens
    ).serve()


if __name__ == "__main__":
    main()
