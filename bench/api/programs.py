"""What programs ask, against minimal handlers on the same server; the size of the agent."""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import psutil
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.api.minimal import CONSTANT, CREDENTIALS, SECRETS
from bench.figures import percentile
from bench.filling import make_token, with_strategies
from bench.pages import web_server
from bench.running import Instance, keyturn, practice_aws, running, wait_for
from models import AccessKey, HandsOut, KeyState, RotationStrategy, Trigger
from models.programs.token import TokenStrategy
from rotation.requests import request_rotation

_TIMES, _WARM_UP = 600, 50
_SETTLE_S = 3.0


@dataclass(frozen=True)
class Program:
    """A token, and where the pair of its strategy is."""

    token: str
    strategy_id: int
    path: str


def measure() -> Iterator[str]:
    """Each address and what it is compared with in turns, over one connection."""
    with (
        practice_aws(propagation_s=[0, 0]) as aws,
        with_strategies(aws, 1, verify={"verify_rounds": 1, "verify_gap_s": 0}) as at,
        keyturn(at),
        web_server(at) as port,
    ):
        program = _make_program(at)
        wait_for(lambda: _is_published(at), "the first key")
        yield from _compare(port, program)
        yield from _agent(at, program)


def _compare(port: int, program: Program) -> Iterator[str]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    secrets, credentials = f"/api/v1/secrets?path={program.path}", f"/v1/credentials/{program.strategy_id}"
    etag = _ask(connection, secrets, program.token).headers["ETag"]
    for name, path, headers, against in (
        ("api_read_vs_minimal", secrets, {}, f"{SECRETS}?path={program.path}"),
        ("api_304_vs_constant", secrets, {"If-None-Match": etag}, CONSTANT),
        ("credentials_vs_minimal", credentials, {}, f"{CREDENTIALS}?path={program.path}"),
    ):
        pairs = [
            (_time(connection, path, program.token, headers), _time(connection, against, program.token, {}))
            for _ in range(_WARM_UP + _TIMES)
        ][_WARM_UP:]
        ours, bare = (percentile((pair[which] * 1000 for pair in pairs), 50) for which in (0, 1))
        yield f"{name}: {bare / ours:.2f}"
        yield f"# median {ours:.2f} ms, {bare:.2f} ms"
    connection.close()


def _ask(
    connection: http.client.HTTPConnection, path: str, token: str, headers: dict[str, str] | None = None
) -> http.client.HTTPResponse:
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}", **(headers or {})})
    response = connection.getresponse()
    response.read()
    if response.status not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
        raise ValueError(f"{path}: {response.status}")
    return response


def _time(connection: http.client.HTTPConnection, path: str, token: str, headers: dict[str, str]) -> float:
    started = time.perf_counter()
    _ask(connection, path, token, headers)
    return time.perf_counter() - started


def _agent(at: Instance, program: Program) -> Iterator[str]:
    """The agent with one strategy, once it holds its credentials."""
    settings, log = at.folder / "agent.toml", at.folder / "agent.log"
    settings.write_text(f'listen = "127.0.0.1:0"\n[[strategy]]\nnumber = {program.strategy_id}\n')
    env = {**os.environ, "KEYTURN_URL": f"http://127.0.0.1:{at.env['PORT']}", "KEYTURN_TOKEN": program.token}
    files = ("--config", str(settings), "--token-file", str(at.folder / "token"))
    command = [sys.executable, "-m", "cli", "agent", *files]
    with running(command, env, log) as process:
        wait_for(lambda: f"strategy {program.strategy_id}: A" in log.read_text(), "the agent's credentials")
        time.sleep(_SETTLE_S)
        yield f"agent_rss_mb: {psutil.Process(process.pid).memory_info().rss / 1e6:.0f}"


def _make_program(at: Instance) -> Program:
    """A token for the strategy, whose key is published first."""
    now = datetime.now(UTC)
    with Session(at.engine) as session, session.begin():
        strategy = session.scalars(select(RotationStrategy)).one()
        strategy.hands_out = HandsOut.KEY.value
        place = strategy.access_key_secret
        if place is None:
            raise ValueError("the strategy has no secrets")
        token, text = make_token(session, place.environment, now, reads_secrets=True)
        session.add(TokenStrategy(token_id=token.id, strategy_id=strategy.id, fetches=True))
        request_rotation(session, strategy, by="bench", trigger=Trigger.BUTTON, now=now)
        return Program(text, strategy.id, place.path)


def _is_published(at: Instance) -> bool:
    with Session(at.engine) as session:
        return session.scalar(select(AccessKey.id).where(AccessKey.state == KeyState.ACTIVE.value)) is not None
