"""A machine of a program: `keyturn` as a process of its own, and a server that a test drives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models import HandsOut
from practice.seed import PracticeAws
from tests.api.served import Served
from tests.processes.processes import ROOT, Run, wait_for


class Machine:
    """Where a program runs. `env`: its environment, which knows the server and a token."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
        self._runs: list[Run] = []

    def keyturn(self, *argv: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "cli", *argv], cwd=ROOT, env=self.env, input=typed, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip

    def start(self, *argv: str) -> Run:
        """Start a command."""
        output = self.home / f"output-{len(self._runs)}"
        self._runs.append(Run([sys.executable, "-m", "cli", *argv], output, self.env))
        return self._runs[-1]

    def close(self) -> None:
        """End what was started."""
        for run in self._runs:
            run.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    home = tmp_path / "home"
    home.mkdir()
    made = Machine(home)
    yield made
    made.close()


class Server(Served):
    """A server that can be away for a while."""

    def start(self) -> str:
        """Serve; its address."""
        self._serving = self.over_http(getattr(self, "_port", 0))
        address = self._serving.__enter__().partition("/v1/")[0]
        self._port = int(address.rpartition(":")[2])
        return address

    def work_until(self, holds: Callable[[], bool]) -> None:
        """Have workers do what there is until this holds."""
        wait_for(lambda: self.work() or holds(), "what the workers do")

    def stop(self) -> None:
        """Be away."""
        self._serving.__exit__(None, None, None)


@pytest.fixture
def hands_out() -> HandsOut:
    return HandsOut.SESSION


@pytest.fixture
def life_s() -> int:
    """How long temporary credentials live, in seconds."""
    return 60


@pytest.fixture
def served(
    practice: PracticeAws, tmp_path: Path, machine: Machine, hands_out: HandsOut, life_s: int
) -> Iterator[Server]:
    """A strategy that was rotated once, served over HTTP; the machine's token reads secrets too."""
    practice.set(session_at_most_s=life_s)
    made = Server(tmp_path, practice, hands_out)
    made.give_right(reads_secrets=True)
    made.rotate()
    made.work()
    machine.env |= {"KEYTURN_URL": made.start(), "KEYTURN_TOKEN": made.token}
    yield made
    made.stop()
