"""The parts that Keyturn is made of, started in order."""

from __future__ import annotations

import fcntl
import gc
import http.client
import importlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from config import Config
from supervisor import redis_server
from supervisor.child import Program
from supervisor.loop import CannotGoOnError, Script, Supervisor

_ANSWERS_WITHIN_S = 60
_ASK_S = 0.5
_PARTS = ("supervisor.web", "supervisor.worker", "supervisor.scheduler")


def start_redis(supervisor: Supervisor, config: Config, env: Mapping[str, str]) -> None:
    """Start Redis, unless the settings name one that runs. Raises CannotGoOnError where there is none to start."""
    if config.redis_url:
        return
    server = redis_server.executable()
    if server is None:
        raise CannotGoOnError(redis_server.NO_SERVER)
    supervisor.start(redis_server.program(server, config, env))


def preload(*more: str) -> Script:
    """Import what the children run, once for all: they start at once, and share it in memory.

    Yields in between, so that a signal isn't kept waiting.
    """
    for module in ("sqlalchemy.orm", "redis", "flask", "models", "jobs.rotate", "views", *_PARTS, *more):
        importlib.import_module(module)
        yield
    gc.freeze()


def start_parts(supervisor: Supervisor, config: Config, env: Mapping[str, str]) -> Script:
    """Start web, workers and scheduler once Redis answers. The schema must be current."""
    if not config.redis_url:
        yield from until("Redis", lambda: redis_server.answers(config.redis_socket))
    supervisor.start(Program("web", env, module="supervisor.web"))
    for number in range(1, config.worker_processes + 1):
        supervisor.start(Program(f"worker-{number}", env, module="supervisor.worker"))
    supervisor.start(Program("scheduler", env, module="supervisor.scheduler"))


def web_answers(config: Config) -> Script:
    """Wait until pages are answered."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104 - asks, doesn't listen
    yield from until("The web", lambda: answers(host, config.port))


def answers(host: str, port: int) -> bool:
    """Whether Keyturn answers there."""
    connection = http.client.HTTPConnection(host, port, timeout=_ASK_S)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def until(what: str, comes: Callable[[], bool]) -> Script:
    """Wait for something. Raises CannotGoOnError when it doesn't come."""
    end = time.monotonic() + _ANSWERS_WITHIN_S
    while not comes():
        if time.monotonic() > end:
            raise CannotGoOnError(f"{what} doesn't answer after {_ANSWERS_WITHIN_S} s; the lines above say why.")
        yield


def address(config: Config) -> str:
    """Where people find it."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    return config.url or f"http://{host}:{config.port}"


@contextmanager
def only_one(config: Config) -> Iterator[None]:
    """Hold the instance folder. Raises CannotGoOnError while another Keyturn runs in it."""
    with (config.instance / "keyturn.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotGoOnError(f"Keyturn runs already in {config.instance.resolve()}: end that one first.") from None
        yield
