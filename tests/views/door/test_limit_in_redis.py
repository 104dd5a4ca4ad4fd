"""Tries are counted in Redis, for all web processes; without it in this one's memory, and people still come in."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from app import create_app
from config import Config
from database import db
from models import Base
from models.people import create_user
from supervisor.redis_server import answers, executable
from tests.conftest import PASSWORD
from tests.fake_clock import START
from views.frame.limits import limiter


@pytest.fixture
def redis():
    """A Redis on a socket, whose path a kernel wants short."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        process = subprocess.Popen([executable(), "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder],
                                   stdout=subprocess.DEVNULL)  # fmt: skip
        deadline = time.monotonic() + 30
        while not answers(socket):
            assert time.monotonic() < deadline, "Redis doesn't answer"
        yield process, socket
        process.kill()
        process.wait()


def web(tmp_path, socket):
    """A web process' browser."""
    app = create_app(Config(instance=tmp_path, redis_url=f"unix://{socket}"))
    # A process begins with a Redis that it takes for alive; in this one other tests' apps have lost theirs.
    limiter._storage_dead = False
    with app.app_context():
        Base.metadata.create_all(db.engine)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def attempt(app, password):
    return app.test_client().post("/login", data={"name": "bob", "password": password}).status_code


def test_counts_in_redis_and_lets_in_without_it(app, redis, tmp_path):
    process, socket = redis
    first = web(tmp_path, socket)
    with first.app_context():
        create_user(db.session(), "bob", PASSWORD, START)
        db.session.commit()
    assert [attempt(first, "wrong") for _ in range(10)] == [422] * 10
    # As another process, or this one after a new start: nothing is in its memory.
    second = web(tmp_path, socket)
    assert attempt(second, PASSWORD) == 429
    process.kill()
    process.wait()
    assert attempt(second, PASSWORD) == 303
