"""What tests of processes share: running one, waiting for a condition, and what is left of it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

ROOT = Path(__file__).parents[2]

T = TypeVar("T")


class Run:
    """A process of the tests, whose output goes to a file."""

    def __init__(self, argv: Iterable[str], output: Path, env: Mapping[str, str] | None = None) -> None:
        self.output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=file, stderr=subprocess.STDOUT)
        self._seen = 0

    def text(self) -> str:
        """All that was written so far."""
        return self.output.read_text()

    def line(self, text: str) -> str:
        """The next whole line that holds `text`; the search goes on behind the last one that was found."""

        def search() -> str | None:
            ended = self.process.poll() is not None
            lines = self.text().splitlines(keepends=True)
            for number, line in enumerate(lines[self._seen :], self._seen + 1):
                if text in line and line.endswith("\n"):
                    self._seen = number
                    return line.rstrip("\n")
            if ended:
                raise AssertionError(f"ended without a line with {text!r}:\n{self.text()}")
            return None

        return wait_for(search, f"a line with {text!r}")

    def end(self, number: signal.Signals | None = None) -> str:
        """Send the signal, if any, wait for the end, and return all that was written."""
        if number is not None:
            self.process.send_signal(number)
        self.process.wait(timeout=60)
        return self.text()

    def close(self) -> None:
        """End it in any case."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)


def wait_for(condition: Callable[[], T], what: str, within_s: float = 60) -> T:
    """The condition's first true value. Fails the test when it doesn't come."""
    until = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"{what} didn't come within {within_s} s")
        time.sleep(0.02)
    return value


def family(pid: int) -> list[psutil.Process]:
    """The process and all its descendants."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def kill_family(process: subprocess.Popen[bytes]) -> None:
    """End the process and all its descendants by SIGKILL, as an out-of-memory killer does: none can say goodbye.

    A worker's fork has a process group of its own; left alive, it would take the next test's jobs.
    """
    if process.poll() is None:
        for each in family(process.pid):
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.wait()


def alive(processes: Iterable[psutil.Process]) -> list[str]:
    """Those that still run; a zombie has ended, and waits only for its parent to notice."""
    return [str(process) for process in processes if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
