"""HTTP on a loopback port: what was asked is remembered, and answers go wrong where they are told to."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request. `path` in decoded segments, names of `headers` in small letters."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read. Raises ValueError."""
        return json.loads(self.body)

    @property
    def bearer(self) -> str:
        """The token of the Authorization header; empty where there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""


@dataclass(frozen=True)
class Told:
    """An answer. A body that is no `bytes` is sent as JSON; None sends none."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """How an answer goes wrong: another one instead, or the connection dropped before or after the work, or cut."""

    how: Literal["instead", "drop", "done and drop", "cut"]
    told: Callable[[Asked], Told] = lambda _asked: Told(500)
    after: int = 0
    """So many requests are answered well before."""
    method: str = ""
    """Only requests of this method count; empty: all."""


class StandIn(ThreadingHTTPServer):
    """A store on 127.0.0.1, on a free port, from `with` to its end. `answer` is what makes it the one it stands for."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.scheme = "http"
        if tls is not None:
            self.scheme = "https"
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.asked: list[Asked] = []
        self._faults: list[Fault] = []
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def spoil(self, fault: Fault) -> None:
        """Let one answer to come go wrong; more are taken in the order in which they were told."""
        with self._lock:
            self._faults.append(fault)

    def answer(self, asked: Asked) -> Told:
        """What the store says."""
        raise NotImplementedError

    def take(self, asked: Asked) -> tuple[Fault | None, Told]:
        """Remember the request, and do it unless its fault says otherwise; one at a time."""
        with self._lock:
            self.asked.append(asked)
            fault = self._due(asked)
            if fault is not None and fault.how in {"instead", "drop"}:
                return fault, fault.told(asked)
            return fault, self.answer(asked)

    def _due(self, asked: Asked) -> Fault | None:
        if not self._faults or self._faults[0].method not in {"", asked.method}:
            return None
        fault = self._faults.pop(0)
        if fault.after:
            self._faults.insert(0, Fault(fault.how, fault.told, fault.after - 1, fault.method))
            return None
        return fault

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: callers that go away, or don't like the certificate, are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = urlsplit(self.path)
        path = tuple(unquote(segment) for segment in parts.path.split("/")[1:])
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        fault, told = self.server.take(Asked(self.command, path, query, headers, body))
        if fault is None or fault.how == "instead":
            self._send(told)
        elif fault.how == "cut":
            self._send(told, cut=True)
            self._hang_up()
        else:
            self._hang_up()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - the base class's names

    def _send(self, told: Told, *, cut: bool = False) -> None:
        body = (
            told.body if isinstance(told.body, bytes) else b"" if told.body is None else json.dumps(told.body).encode()
        )
        kind = {} if told.body is None else {"Content-Type": "application/json; charset=utf-8"}
        self.send_response_only(told.status)
        for name, value in ({"Date": formatdate(usegmt=True)} | kind | dict(told.headers)).items():
            self.send_header(name, value)
        if told.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: requests hold values."""
