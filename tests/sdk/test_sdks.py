"""AWS SDKs as they are, in every way to get credentials, through many rotations: AWS refuses no call."""

from __future__ import annotations

import os
import shlex
import sys
import time
from threading import Thread

import pytest

from models import HandsOut
from tests.client.conftest import Machine, Server
from tests.client.test_agent import Agent
from tests.processes.processes import ROOT
from tests.sdk.program import Program, by_endpoint, by_process

LIFE_S = 6
AWAY_S = 3.0
"""How long a program may feel that the server was away."""
ROTATIONS = int(os.environ.get("SDK_ROTATIONS", "20"))

ALL = {"python.py", "cli.py", "v2.mjs", "v3.mjs", "arrow.py", "rust.py", "object_store.py"}
NO_KEY_OVER_HTTP = {"v2.mjs", "rust.py", "object_store.py"}
"""What can't take a long-lived key over http, in any form of `Token`."""
NO_PROCESS = {"object_store.py"}
PACE_MS = {"cli.py": 3_000}
"""A process a call is dear on two cores."""


class Office:
    """A strategy, its agent, and a program of each SDK by each way."""

    def __init__(self, folder, practice, hands_out):
        self.folder, self.machine = folder, Machine(folder)
        self.served = Server(folder, practice, hands_out, life_s=LIFE_S)
        self.served.rotate()
        self.served.work()
        self.machine.env |= {"KEYTURN_URL": self.served.start(), "KEYTURN_TOKEN": self.served.token}
        self.agent = Agent(self.machine, self.served)
        self.away: list[tuple[float, float]] = []
        over_http = ALL - NO_KEY_OVER_HTTP if hands_out is HandsOut.KEY else ALL
        url = f"{self.machine.env['KEYTURN_URL']}/v1/credentials/{self.served.strategy_id}"
        agent_token = self.agent.token_file.read_text()
        self.programs = {
            **{("endpoint", name): self._start("endpoint", name, by_endpoint, url, self.served.token)
               for name in over_http},
            **{("agent", name): self._start("agent", name, by_endpoint, self.agent.url, agent_token)
               for name in over_http},
            **{("process", name): self._start("process", name, by_process, self._command())
               for name in ALL - NO_PROCESS},
        }  # fmt: skip

    def _command(self):
        script = self.folder / "credentials"
        env = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.machine.env.items())
        argv = f"{shlex.quote(sys.executable)} -m cli credentials {self.served.strategy_id}"
        script.write_text(f"#!/bin/sh\ncd {shlex.quote(str(ROOT))}\nexec env {env} {argv}\n")
        script.chmod(0o700)
        return str(script)

    def _start(self, way, name, environment, *facts):
        folder = self.folder / f"{way}-{name}"
        folder.mkdir()
        aws = {"AWS_ENDPOINT_URL": self.served.aws.endpoint_url, "AWS_REGION": self.served.aws.region}
        env = {**aws, "AWS_DEFAULT_REGION": aws["AWS_REGION"], **environment(*facts, folder)}
        slower = 3 if way == "process" else 1
        return Program(name, folder, PACE_MS.get(name, 700) * slower, env)

    def rotate(self):
        """All rotations; after some the server is started anew."""
        for number in range(ROTATIONS):
            self.served.rotate()
            if number % 5 == 4:
                begun = time.time()
                self.served.stop()
                self.served.start()
                self.away.append((begun, time.time() + AWAY_S))

    def close(self):
        for program in self.programs.values():
            program.stop()
        self.machine.close()
        self.served.stop()


@pytest.fixture
def offices(practice, tmp_path):
    practice.set(propagation_s=[0, 0.5], deletion_s=[0, 1], session_at_most_s=LIFE_S)
    made = []
    for hands_out in HandsOut:
        folder = tmp_path / hands_out.value
        folder.mkdir()
        made.append(Office(folder, practice, hands_out))
    yield made
    for office in made:
        office.close()


def test_no_call_is_refused(offices):
    threads = [Thread(target=office.rotate) for office in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for office in offices:
        for (way, name), program in office.programs.items():
            what = f"{office.folder.name} by {way}: {name}"
            assert program.refused() == [], what
            assert program.failed([] if way == "agent" else office.away) == [], what
            assert sum(not text for _, text in program.calls()) >= ROTATIONS / 2, what
