"""AWS SDKs as they are, in every way to get credentials, through many rotations: AWS refuses no call."""

from __future__ import annotations

import os
import shlex
import sys
import time

import pytest

from models import HandsOut
from tests.client.conftest import Machine
from tests.processes.processes import ROOT, wait_for
from tests.sdk.office import office
from tests.sdk.program import Program, by_endpoint, by_process

ROTATIONS = int(os.environ.get("SDK_ROTATIONS", "20"))
WITHIN_S = 60 * ROTATIONS

PACE_MS = {
    "python.py": 2_000, "v2.mjs": 2_000, "v3.mjs": 2_000, "arrow.py": 2_000, "rust.py": 2_000, "object_store.py": 2_000,
    "go.go": 2_000, "cli.py": 12_000,
}  # fmt: skip
"""A program by its SDK, and how often it calls: each asks for credentials every time, and the CLI is a process."""
SLOWER_BY_PROCESS = 4
NO_KEY_OVER_HTTP = {"v2.mjs", "rust.py", "object_store.py"}
"""What can't take a long-lived key over http, in any form of `Token`."""
NO_PROCESS = {"object_store.py"}


class Desk:
    """One kind of credentials: an agent, and a program of each SDK by each way."""

    def __init__(self, folder, at, hands_out):
        folder.mkdir()
        self._folder, self._at, self._machine = folder, at, Machine(folder)
        number, token = at.strategies[hands_out], at.tokens[hands_out]
        self._machine.env |= {"KEYTURN_URL": at.url, "KEYTURN_TOKEN": token}
        over_http = PACE_MS.keys() - (NO_KEY_OVER_HTTP if hands_out is HandsOut.KEY else set())
        self.programs = {}
        for name in over_http:
            self._start("endpoint", name, by_endpoint, f"{at.url}/v1/credentials/{number}", token)
        url, agent_token = self._start_agent(number)
        for name in over_http:
            self._start("agent", name, by_endpoint, url, agent_token)
        for name in PACE_MS.keys() - NO_PROCESS:
            self._start("process", name, by_process, self._command(number))

    def _start_agent(self, number):
        settings, token = self._folder / "agent.toml", self._folder / "agent.token"
        settings.write_text(f'listen = "127.0.0.1:0"\n[[strategy]]\nnumber = {number}\n')
        run = self._machine.start("agent", "--config", str(settings), "--token-file", str(token))
        url = run.line("AWS_CONTAINER_CREDENTIALS_FULL_URI=").partition("=")[2]
        run.line(f"strategy {number}: ")
        return url, token.read_text()

    def _command(self, number):
        script = self._folder / "credentials"
        env = " ".join(f"{name}={shlex.quote(value)}" for name, value in self._machine.env.items())
        argv = f"{shlex.quote(sys.executable)} -m cli credentials {number}"
        script.write_text(f"#!/bin/sh\ncd {shlex.quote(str(ROOT))}\nexec env {env} {argv}\n")
        script.chmod(0o700)
        return str(script)

    def _start(self, way, name, environment, *facts):
        folder = self._folder / f"{way}-{name}"
        folder.mkdir()
        aws = {"AWS_ENDPOINT_URL": self._at.aws.endpoint_url, "AWS_REGION": self._at.aws.region}
        env = {**aws, "AWS_DEFAULT_REGION": aws["AWS_REGION"], **environment(*facts, folder)}
        pace = PACE_MS[name] * (SLOWER_BY_PROCESS if way == "process" and name != "cli.py" else 1)
        self.programs[way, name] = Program(name, folder, pace, env)

    def close(self):
        for program in self.programs.values():
            program.stop()
        self._machine.close()


@pytest.fixture(scope="module")
def at():
    with office() as made:
        yield made


@pytest.fixture(scope="module")
def desks(at, tmp_path_factory):
    """Programs that have been at work through all rotations."""
    folder = tmp_path_factory.mktemp("desks")
    made: dict[HandsOut, Desk] = {}
    try:
        for hands_out in HandsOut:
            made[hands_out] = Desk(folder / hands_out.value, at, hands_out)
        _rotate(at)
        time.sleep(max(PACE_MS.values()) / 1000)
    finally:
        for desk in made.values():
            desk.close()
    return made


def _rotate(at):
    begun = {each: at.rotations(each) for each in HandsOut}
    for number in range(1, ROTATIONS + 1):
        wanted = {each: begun[each] + number for each in HandsOut}
        wait_for(lambda: all(at.rotations(each) >= wanted[each] for each in HandsOut), "rotations", WITHIN_S)  # noqa: B023
        if number % 7 == 3:
            at.restart_web()
        if number % 7 == 6:
            at.flush_redis()


@pytest.mark.parametrize("hands_out", list(HandsOut))
@pytest.mark.parametrize("way", ["endpoint", "agent", "process"])
def test_no_call_is_refused(at, desks, hands_out, way):
    programs = {name: program for (each, name), program in desks[hands_out].programs.items() if each == way}
    assert programs
    away = [] if way == "agent" else at.away
    found = {name: program.refused() + program.failed(away) for name, program in programs.items()}
    assert {name: texts[:3] for name, texts in found.items() if texts} == {}
    assert min(program.accepted() for program in programs.values()) >= 5
