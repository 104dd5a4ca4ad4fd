"""The supervisor: one thread that starts children, forwards their log, starts again what died and ends all together."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from supervisor.child import Child, Program

_TICK_S = 0.02
"""How often the start-up looks whether what it waits for has come."""

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Script = Generator[None, None, None]
"""The start-up: a function that starts children in order and yields while it waits for something."""


class CannotGoOnError(Exception):
    """Something that all need isn't there or doesn't stay; the message says what, with its last log lines."""


@dataclass(frozen=True)
class Patience:
    """How often a child that dies is started again, after growing pauses; and how long one may take to end."""

    pauses_s: tuple[float, ...] = (0.5, 1, 2, 4)
    steady_s: float = 30
    """A child that lived for so long has stayed up: its next death counts as the first."""
    end_within_s: float = 3
    """How long a child may take to end when asked."""
    end_last_within_s: float = 1
    """The same for those that end last."""


class Supervisor:
    """Runs children until a signal ends it, or one of them can't be kept up."""

    def __init__(
        self,
        write: Callable[[str], None],
        patience: Patience | None = None,
        on_change: Callable[[dict[str, int]], None] | None = None,
    ) -> None:
        self._write = write
        self._patience = patience or Patience()
        self._on_change = on_change
        self._children: dict[str, Child] = {}
        self._deaths: dict[str, int] = {}
        self._again: dict[str, tuple[float, Program]] = {}
        self._selector = selectors.DefaultSelector()
        self._stop_by = ""

    @property
    def pids(self) -> dict[str, int]:
        """The process IDs of what runs, by name, with our own."""
        running = {name: child.pid for name, child in self._children.items() if not child.program.once}
        return {"keyturn": os.getpid(), **running}

    def say(self, name: str, line: str) -> None:
        """Write a line of the common log."""
        with contextlib.suppress(OSError):  # a terminal that is gone must not keep the end from being orderly
            self._write(f"{name:<12} | {line}")

    def start(self, program: Program) -> Child:
        """Start a child. Raises CannotGoOnError when its program can't be run at all."""
        try:
            child = Child(program)
        except OSError as error:
            raise CannotGoOnError(f"{program.name} can't be started: {program.command}: {error.strerror}") from error
        self._children[program.name] = child
        self._selector.register(child.log, selectors.EVENT_READ, child)
        return child

    def finish(self, program: Program) -> Generator[None, None, str]:
        """Run a `once` program to its end and return its result. Raises CannotGoOnError when it fails."""
        child = self.start(program)
        while program.name in self._children:
            yield
        result = child.result()
        child.close()
        if not child.succeeded:
            raise CannotGoOnError("\n".join(child.last_lines) or f"{program.name}: {child.how_it_ended()}")
        return result

    def run(self, script: Script) -> int:
        """Run the start-up script, then watch until SIGINT, SIGTERM or SIGHUP. Returns the exit code."""
        with self._signals():
            try:
                while not self._stop_by:
                    self._wait(self._advance(script))
                    self._bury()
                    self._start_again()
            except CannotGoOnError as error:
                self._write(str(error))
                return 1
            finally:
                script.close()
                self._end_all()
        return 0

    def _advance(self, script: Script) -> float | None:
        """Take the script's next step. Returns how long to wait for something to happen; None: for ever."""
        try:
            next(script)
        except StopIteration:
            times = [at for at, _ in self._again.values()]
            return max(0, min(times) - time.monotonic()) if times else None
        return _TICK_S

    def _wait(self, timeout_s: float | None) -> None:
        for key, _ in self._selector.select(timeout_s):
            if isinstance(key.data, Child):
                self._forward(key.data)
            else:
                os.read(key.fd, 512)  # the signals' numbers: their handlers have run

    def _forward(self, child: Child) -> None:
        for line in child.read_lines():
            if not child.program.quiet:
                self.say(child.program.name, line)
        if child.log_ended:
            self._forget(child)  # a pipe at its end is ready for ever

    def _forget(self, child: Child) -> None:
        if child.log in self._selector.get_map():
            self._selector.unregister(child.log)

    def _bury(self) -> None:
        for name, child in list(self._children.items()):
            if not child.ended():
                continue
            self._let_go(child)
            if not child.program.once:  # a task's result is still to be read
                child.close()
                self._again[name] = (time.monotonic() + self._pause(child), child.program)

    def _let_go(self, child: Child) -> None:
        child.kill()
        self._forward(child)
        self._forget(child)
        del self._children[child.program.name]

    def _pause(self, child: Child) -> float:
        """Count a death. Raises CannotGoOnError for one too many in a row."""
        name, pauses = child.program.name, self._patience.pauses_s
        if time.monotonic() - child.started >= self._patience.steady_s:
            self._deaths[name] = 0
        deaths = self._deaths[name] = self._deaths.get(name, 0) + 1
        if deaths > len(pauses):
            lines = "\n".join(f"  {line}" for line in child.last_lines)
            raise CannotGoOnError(
                f"{name} doesn't stay up: it ended {deaths} times in a row, at last with {child.how_it_ended()}. "
                f"Its last lines:\n{lines or '  (none)'}"
            )
        pause = pauses[deaths - 1]
        self.say("keyturn", f"{name} ended ({child.how_it_ended()}); it starts again in {pause:g} s")
        return pause

    def _start_again(self) -> None:
        due = [name for name, (at, _) in self._again.items() if at <= time.monotonic()]
        for name in due:
            _, program = self._again.pop(name)
            child = self.start(program)
            self.say("keyturn", f"{name} runs again (process {child.pid})")
        if due and self._on_change:
            self._on_change(self.pids)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        read, write = os.pipe()
        os.set_blocking(read, False)
        os.set_blocking(write, False)
        self._selector.register(read, selectors.EVENT_READ)
        before = {number: signal.signal(number, self._on_signal) for number in _ENDING}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            os.close(read)
            os.close(write)

    def _on_signal(self, number: int, _frame: object) -> None:
        self._stop_by = signal.Signals(number).name

    def _end_all(self) -> None:
        if self._stop_by:
            self.say("keyturn", f"{self._stop_by}: ending all")
        patience = self._patience
        self._end([child for child in self._children.values() if not child.program.ends_last], patience.end_within_s)
        self._end(list(self._children.values()), patience.end_last_within_s)

    def _end(self, children: list[Child], within_s: float) -> None:
        until = time.monotonic() + within_s
        for child in children:
            child.ask_to_end()
        while any(not child.ended() for child in children) and (left := until - time.monotonic()) > 0:
            self._wait(min(left, _TICK_S))
        for child in children:
            self._let_go(child)
            child.close()
