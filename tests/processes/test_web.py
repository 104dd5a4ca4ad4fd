"""The web process on its own: real sockets, and requests that wait."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy.orm import Session

from config import Config
from models import Project
from models.project import create_project
from models.secret import create_secret
from supervisor.prepare import prepare
from tests.api import programs
from tests.processes.conftest import KEYTURN, environment
from tests.processes.processes import Run, wait_for


class Web:
    """A served secret, and a program that may read and write it."""

    def __init__(self, folder: Path) -> None:
        env = environment(folder / "instance")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        env["PORT"] = str(self.port)
        engine, keyring = prepare(Config.from_env(env))
        now = datetime.now(UTC)
        with Session(engine) as session:
            create_project(session, keyring, "payments", now)
            session.flush()
            project = session.query(Project).one()
            secret = create_secret(
                session, project.sealing_key(keyring), environment=project.environments[2], path="/", name="NAME",
                value=b"first", now=now, author="bob",
            )  # fmt: skip
            _, self.token = programs.reader(session, project, writes_secrets=True)
            session.commit()
            self.secret = f"/api/v1/secrets/{secret.id}"
        engine.dispose()
        self.run = Run((*KEYTURN, "web"), folder / "log", env)
        wait_for(self._answers, "the web process")

    def _answers(self) -> bool:
        try:
            return self.ask("/healthz")[0] == 200
        except OSError:
            return False

    def ask(self, path, method="GET", body=None, **headers):
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=sent, method=method)
        try:
            with urlopen(request) as answer:  # noqa: S310 - this test's own server
                return answer.status, answer.read(), answer.headers
        except HTTPError as error:
            return error.code, error.read(), error.headers


@pytest.fixture(scope="module")
def web(tmp_path_factory) -> Iterator[Web]:
    made = Web(tmp_path_factory.mktemp("web"))
    yield made
    made.run.close()


def test_answers_as_it_should(web):
    assert web.ask("/static/app.js")[0] == 200
    assert web.ask("/static/app.js", "HEAD")[:2] == (200, b"")
    assert json.loads(web.ask("/api/v1/%C3%BC")[1])["code"] == "no-such-address"
    status, body, _ = web.ask("/api/v1/secrets", "POST", {"name": "LONG", "value": "ü" * 30_000})
    assert (status, json.loads(body)["name"]) == (201, "LONG")
    assert web.ask("/api/v1/secrets", "POST", {"name": "LONG", "value": "x" * 2_000_000})[0] == 413


def test_holds_a_read_until_something_changes_and_ends_while_one_waits(web):
    got = []

    def wait():
        got.append(web.ask("/api/v1/secrets?name=NAME&wait=30", **{"If-None-Match": etag}))

    etag = web.ask("/api/v1/secrets?name=NAME")[2]["ETag"]
    held = Thread(target=wait)
    held.start()
    held.join(1)
    assert held.is_alive()
    assert web.ask(web.secret, "PATCH", {"value": "second"})[0] == 200
    held.join(20)
    ((status, body, headers),) = got
    assert (status, json.loads(body)["secrets"][0]["value"]) == (200, "second")
    etag, connection = headers["ETag"], socket.create_connection(("127.0.0.1", web.port))
    lines = (
        "GET /api/v1/secrets?name=NAME&wait=30 HTTP/1.1", "Host: localhost", f"Authorization: {web.token}",
        f"If-None-Match: {etag}", "", "",
    )  # fmt: skip
    with connection:
        connection.sendall("\r\n".join(lines).encode())
        connection.settimeout(1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert "Traceback" not in web.run.end(signal.SIGTERM)
