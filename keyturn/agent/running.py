"""The agent from its start to a signal."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from keyturn.agent.endpoint import Endpoint
from keyturn.agent.keeper import Keeper
from keyturn.agent.settings import Settings, read_settings
from keyturn.problems import Problem
from keyturn.server import Server
from keyturn.writing import swap


class Agent:
    """One keeper at a time, and the endpoint in front of it."""

    def __init__(self, server: Server, path: Path, token_file: Path, say: Callable[[str], None]) -> None:
        self._server, self._path, self._say = server, path, say
        self._token_file = token_file
        self._keeper = Keeper(server, read_settings(path), say)
        self._signals: SimpleQueue[int] = SimpleQueue()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reads the file anew. Raises Problem where the port is taken."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda got, _frame: self._signals.put(got))
        endpoint = self._listen(self._keeper.settings)
        Thread(target=endpoint.serve_forever, daemon=True).start()
        self._start()
        self._tell(endpoint)
        while self._signals.get() == signal.SIGHUP:
            self._read_anew(endpoint)
        self._keeper.stopped.set()
        endpoint.shutdown()
        endpoint.server_close()

    def _listen(self, settings: Settings) -> Endpoint:
        try:
            return Endpoint(settings.host, settings.port, local_token(self._token_file), lambda: self._keeper)
        except OSError as error:
            raise Problem(f"{settings.host}:{settings.port} can't be listened on: {error.strerror}.") from None

    def _start(self) -> None:
        Thread(target=self._keeper.run, daemon=True).start()

    def _tell(self, endpoint: Endpoint) -> None:
        host = "[::1]" if ":" in self._keeper.settings.host else "127.0.0.1"
        for kept in self._keeper.settings.strategies:
            self._say(f"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://{host}:{endpoint.port}/{kept.number}")
        self._say(f"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE={self._token_file}")

    def _read_anew(self, endpoint: Endpoint) -> None:
        before = self._keeper
        try:
            settings = read_settings(self._path)
        except Problem as problem:
            self._say(f"{problem.format_message()} The agent goes on as before.")
            return
        if (settings.host, settings.port) != (before.settings.host, before.settings.port):
            self._say("listen has changed: that takes a restart.")
        before.stopped.set()
        self._keeper = Keeper(self._server, settings, self._say, before)
        self._start()
        self._say(f"{self._path} was read anew.")
        self._tell(endpoint)


def local_token(path: Path) -> str:
    """What programs on this machine show to the agent, made at its first start. A file that is there keeps its owner.

    No newline at its end: most SDKs would send it. Raises Problem where the file can't be read or written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.read_text() if path.exists() else ""
        if not found:
            found = secrets.token_urlsafe(32)
            swap(path, found.encode(), mode=0o600)
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}.") from None
    return found
