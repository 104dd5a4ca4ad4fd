"""Programs of all SDKs that get one kind of credentials in every way: from the endpoint, an agent, a command."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from models import HandsOut, RotationStrategy
from practice.seed import PracticeAws
from tests.api import programs
from tests.client.conftest import Machine
from tests.processes.processes import ROOT
from tests.sdk.program import Program, by_endpoint, by_process

PACE_MS = {
    "python.py": 2_000, "v2.mjs": 2_000, "v3.mjs": 2_000, "arrow.py": 2_000, "rust.py": 2_000, "object_store.py": 2_000,
    "go.go": 2_000, "cli.py": 12_000,
}  # fmt: skip
"""A program by its SDK, and how often it calls: each asks for credentials every time, and the CLI is a process."""
SLOWER_BY_PROCESS = 4
NO_KEY_OVER_HTTP = {"v2.mjs", "rust.py", "object_store.py"}
"""What can't take a long-lived key over http, in any form of `Token`."""
NO_PROCESS = {"object_store.py"}


_SHORTEST_SESSION_S = 900
"""AWS makes no shorter ones; practice AWS ends them earlier."""


def open_door(
    session: Session, strategy: RotationStrategy, hands_out: HandsOut, life_s: int, now: datetime, **rights: bool
) -> str:
    """Let the strategy hand out this kind, for `life_s` at a time; the text of a token for it. Doesn't commit."""
    strategy.handed_s = max(life_s, _SHORTEST_SESSION_S) if hands_out is HandsOut.SESSION else life_s
    strategy.hands_out = hands_out.value
    _, text = programs.token(session, strategy, name=hands_out.value, created_at=now, **rights)
    return text


class Keyturn(Protocol):
    """What hands them out: where it is, and by kind of credentials a strategy's number and a token for it."""

    url: str
    aws: PracticeAws
    strategies: dict[HandsOut, int]
    tokens: dict[HandsOut, str]


class Desk:
    """An agent, and a program of each SDK by each way. `slower`: so many times the usual pace."""

    def __init__(self, folder: Path, at: Keyturn, hands_out: HandsOut, slower: int = 1) -> None:
        folder.mkdir()
        self._folder, self._at, self._machine, self._slower = folder, at, Machine(folder), slower
        number, token = at.strategies[hands_out], at.tokens[hands_out]
        self._machine.env |= {"KEYTURN_URL": at.url, "KEYTURN_TOKEN": token}
        over_http = PACE_MS.keys() - (NO_KEY_OVER_HTTP if hands_out is HandsOut.KEY else set())
        self.programs: dict[tuple[str, str], Program] = {}
        for name in over_http:
            self._start("endpoint", name, by_endpoint, f"{at.url}/v1/credentials/{number}", token)
        url, agent_token = self._start_agent(number)
        for name in over_http:
            self._start("agent", name, by_endpoint, url, agent_token)
        command = self._command(number)
        for name in PACE_MS.keys() - NO_PROCESS:
            self._start("process", name, by_process, command)

    def _start_agent(self, number: int) -> tuple[str, str]:
        settings, token = self._folder / "agent.toml", self._folder / "agent.token"
        settings.write_text(f'listen = "127.0.0.1:0"\n[[strategy]]\nnumber = {number}\n')
        run = self._machine.start("agent", "--config", str(settings), "--token-file", str(token))
        url = run.line("AWS_CONTAINER_CREDENTIALS_FULL_URI=").partition("=")[2]
        run.line(f"strategy {number}: ")
        return url, token.read_text()

    def _command(self, number: int) -> str:
        script = self._folder / "credentials"
        env = " ".join(f"{name}={shlex.quote(value)}" for name, value in self._machine.env.items())
        argv = f"{shlex.quote(sys.executable)} -m cli credentials {number}"
        script.write_text(f"#!/bin/sh\ncd {shlex.quote(str(ROOT))}\nexec env {env} {argv}\n")
        script.chmod(0o700)
        return str(script)

    def _start(self, way: str, name: str, environment: Callable[..., dict[str, str]], *facts: str) -> None:
        folder = self._folder / f"{way}-{name}"
        folder.mkdir()
        aws = {"AWS_ENDPOINT_URL": self._at.aws.endpoint_url, "AWS_REGION": self._at.aws.region}
        env = {**aws, "AWS_DEFAULT_REGION": aws["AWS_REGION"], **environment(*facts, folder)}
        pace = self._slower * PACE_MS[name] * (SLOWER_BY_PROCESS if way == "process" and name != "cli.py" else 1)
        self.programs[way, name] = Program(name, folder, pace, env)

    def close(self) -> None:
        """End them."""
        for program in self.programs.values():
            program.stop()
        self._machine.close()
