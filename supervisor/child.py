"""One child process: in a session of its own, read line by line, ended with everything that it started."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import os
import shutil
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
_LAST_LINES = 15
_READ_BYTES = 65_536
_MOST_OPEN_FILES = 4096
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What a child runs: a command, or the `main` of one of our modules.

    Secrets go by `env`, never by `arguments`, which everybody on the machine can read.
    """

    name: str
    env: Mapping[str, str] = field(repr=False)
    command: str = ""
    module: str = ""
    """It is run in a fork of this process, and so shares what was imported here."""
    arguments: tuple[str, ...] = ()
    ends_last: bool = False
    """The others need it until their own end."""
    quiet: bool = False
    """Its log is shown only when it doesn't stay up."""
    once: bool = False
    """It does its task and ends; its standard output is its result, not a log."""

    def run(self) -> NoReturn:
        """Become the program."""
        if self.command:
            os.execve(self.command, [self.command, *self.arguments], dict(self.env))  # noqa: S606 - there is no shell
        os.environ.clear()
        os.environ.update(self.env)
        importlib.import_module(self.module).main(*self.arguments)
        sys.exit(0)


class Child:
    """A running program. Raises FileNotFoundError when there is no such command."""

    def __init__(self, program: Program) -> None:
        if program.command and not shutil.which(program.command):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program.command)
        self.program = program
        self.started = time.monotonic()
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.log_ended = False
        self._rest = b""
        self._exit_code: int | None = None
        self.log, log_end = os.pipe()
        self._result, result_end = os.pipe()
        os.set_blocking(self.log, False)
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _become(program, parent, result_end if program.once else log_end, log_end)
        os.close(log_end)
        os.close(result_end)

    def ended(self) -> bool:
        """Whether the process has ended."""
        if self._exit_code is None:
            self._wait(os.WNOHANG)
        return self._exit_code is not None

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself and without a failure."""
        return self._exit_code == 0

    def how_it_ended(self) -> str:
        """The exit code, or the signal that ended it, in words."""
        code = self._exit_code or 0
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    def result(self) -> str:
        """What a `once` program that has ended wrote to its standard output."""
        chunks = iter(lambda: os.read(self._result, _READ_BYTES), b"")
        return b"".join(chunks).decode()

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
        if not self.ended():
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End at once the process and whatever it started and left behind."""
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
        for pid in session_members(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not self.ended():
            self._wait(0)

    def close(self) -> None:
        """Close the pipes. The process must have ended."""
        os.close(self.log)
        os.close(self._result)

    def _wait(self, options: int) -> None:
        pid, status = os.waitpid(self.pid, options)
        if pid:
            self._exit_code = os.waitstatus_to_exitcode(status)


def _become(program: Program, parent: int, out: int, log: int) -> NoReturn:
    """In the forked process: leave what was the supervisor's behind, and run the program."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _end_with(parent)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(log, 2)
        os.closerange(3, _MOST_OPEN_FILES)
        os.chdir(ROOT)
        program.run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:  # noqa: BLE001 - nothing may return into the supervisor's code
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _end_with(parent: int) -> None:
    """Were the supervisor killed outright, the kernel would tell this process."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)


def session_members(session: int) -> list[int]:
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
