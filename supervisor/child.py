"""One child process: in a session of its own, read line by line, ended with everything that it started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LAST_LINES = 15
_READ_BYTES = 65_536
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What a child runs. Secrets go by `env`, never by `argv`, which everybody on the machine can read."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    ends_last: bool = False
    """The others need it until their own end."""
    quiet: bool = False
    """Its log is shown only when it doesn't stay up."""
    once: bool = False
    """It does its task and ends; its standard output is its result, not a log."""

    @classmethod
    def module(cls, name: str, module: str, env: Mapping[str, str], *arguments: str, **traits: bool) -> Program:
        """A program that is one of our modules; `traits` are the fields below `env`."""
        return cls(name, (sys.executable, "-m", module, *arguments), env, **traits)


class Child:
    """A running program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started = time.monotonic()
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.log, log_end = os.pipe()
        os.set_blocking(self.log, False)
        self.log_ended = False
        self._rest = b""
        self._parent = os.getpid()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                program.argv,
                env={**program.env, "PYTHONUNBUFFERED": "1"},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if program.once else log_end,
                stderr=log_end,
                start_new_session=True,
                preexec_fn=self._end_with_parent,  # noqa: PLW1509 - the supervisor has one thread
            )
        except OSError:
            os.close(self.log)
            raise
        finally:
            os.close(log_end)

    @property
    def pid(self) -> int:
        """The process ID, which is also its session's."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself and without a failure."""
        return self._process.returncode == 0

    def how_it_ended(self) -> str:
        """The exit code, or the signal that ended it, in words."""
        code = self._process.returncode
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    def result(self) -> str:
        """What an ended `once` program wrote to its standard output."""
        return self._process.communicate()[0].decode()

    def read_lines(self) -> list[str]:
        """The whole log lines that came since the last call; after the end also an unfinished one."""
        try:
            while chunk := os.read(self.log, _READ_BYTES):
                self._rest += chunk
            self.log_ended = True
        except BlockingIOError:
            pass
        *lines, self._rest = self._rest.split(b"\n")
        if self._rest and self.ended():
            lines, self._rest = [*lines, self._rest], b""
        texts = [line.decode(errors="replace").rstrip() for line in lines]
        self.last_lines.extend(text for text in texts if text)
        return texts

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process, which ends its own children."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End at once the process and whatever it started and left behind."""
        for pid in _session_members(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Close the pipes. The process must have ended."""
        os.close(self.log)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _end_with_parent(self) -> None:
        # Runs in the child: were the supervisor killed outright, the kernel would tell the child.
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != self._parent:
                os._exit(1)


def _session_members(session: int) -> list[int]:
    """The processes of a session: RQ's forks have groups of their own, but stay in it."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name) state parent group session ...; the name may hold anything, brackets included.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            members.append(int(stat.parent.name))
    return members
