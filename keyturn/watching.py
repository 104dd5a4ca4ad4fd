"""`keyturn run --watch`: a program that is started anew, or signalled, when its secrets change."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from threading import Event, Thread

import click

from keyturn import secrets
from keyturn.environment import with_secrets
from keyturn.pauses import Pauses
from keyturn.problems import Problem
from keyturn.server import LONGEST_WAIT_S, Query, Server

_LEAST_PAUSE_S = 1.0
_LOOK_S = 0.1
_END_WITHIN_S = 10.0


class Watched:
    """A command whose secrets are watched from a thread of its own."""

    def __init__(
        self, server: Server, asked: Query, etag: str, command: Sequence[str],
        signalled: signal.Signals | None,
    ) -> None:  # fmt: skip
        self._server, self._asked, self._etag, self._command = server, asked, etag, command
        self._signalled = signalled
        self._values: dict[str, str] = {}
        self._changed = Event()

    def run(self, values: dict[str, str]) -> int:
        """Run the command until it ends by itself; its exit code, as a shell says it."""
        self._values = values
        process = self._start()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda got, _frame: process.send_signal(got))
        Thread(target=self._watch, daemon=True).start()
        while (code := process.poll()) is None:
            if not self._changed.wait(_LOOK_S):
                continue
            self._changed.clear()
            if self._signalled is not None:
                process.send_signal(self._signalled)
                continue
            _end(process)
            process = self._start()
        return code if code >= 0 else 128 - code

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(self._command, env=with_secrets(self._values))  # noqa: S603 - the user's own
        except OSError as error:
            raise Problem(f"{self._command[0]}: {error.strerror}.") from None

    def _watch(self) -> None:
        pauses = Pauses()
        while True:
            began = time.monotonic()
            try:
                found = self._server.get_if_changed(secrets.PATH, self._asked, self._etag, LONGEST_WAIT_S)
                if found is not None:
                    self._values, self._etag = secrets.by_name(found[0]), found[1]
                    self._changed.set()
            except Problem as problem:
                click.echo(f"keyturn: {problem.format_message()}", err=True)
                time.sleep(pauses.next_s())
                continue
            pauses.begin_anew()
            # A server that holds no answers would be asked all the time.
            time.sleep(max(0.0, _LEAST_PAUSE_S - (time.monotonic() - began)))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
