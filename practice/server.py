"""HTTP on a loopback port: keep-alive, a thread for each connection, and answers spoiled as the faults tell."""

from __future__ import annotations

import ipaddress
import select
import socket
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from practice.admin import PREFIX, administer
from practice.answers import Answer
from practice.behaviour.faults import TRANSPORT, Fault
from practice.layer import Layer
from practice.request import Request


class NotLoopback(ValueError):  # noqa: N818 - it says what is wrong with the address
    """An address that others can reach."""


class PracticeServer(ThreadingMixIn, TCPServer):
    """Practice AWS on a loopback address; port 0 takes any that is free. Raises NotLoopback elsewhere."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, layer: Layer, host: str = "127.0.0.1", port: int = 0) -> None:
        if not _is_loopback(host):
            raise NotLoopback(f"Practice AWS listens on loopback only (127.0.0.1 or ::1), and {host} isn't.")
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.layer = layer
        super().__init__((host, port), _Handler)

    @property
    def endpoint_url(self) -> str:
        """Where it is reached."""
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that went away; tell the rest on standard error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: PracticeServer

    def _serve(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        if request.target.startswith(PREFIX):
            self._send(administer(self.server.layer, request))
            return
        fault = self.server.layer.faults.take(request)
        if fault and (fault.kind in TRANSPORT or fault.when == "late"):
            self._spoil(request, fault)
        else:
            self._send(self.server.layer.answer(request, fault))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 - names that the base class looks for

    def _send(self, answer: Answer) -> None:
        """Send the answer, head and body in one piece."""
        lines = [f"{self.protocol_version} {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        lines += [f"Content-Length: {len(answer.body)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + (b"" if self.command == "HEAD" else answer.body))

    def _spoil(self, request: Request, fault: Fault) -> None:
        """Leave the caller without a whole answer, or with another one, and do the work when the fault says."""
        self.close_connection = True
        layer = self.server.layer
        answer = layer.spoiled(request, fault) if fault.when == "late" else layer.answer(request, fault)
        if fault.kind == "cut":
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n"
            self.wfile.write(head + answer.body[: int(len(answer.body) * fault.at)])
        elif fault.kind == "hang":
            self._wait_until_gone(fault.seconds)
        elif fault.kind != "drop":
            self._send(answer)
        self._hang_up()
        if fault.when == "late":
            layer.answer(request, fault)

    def _wait_until_gone(self, seconds: float) -> None:
        """Wait until the caller closes the connection, for so many seconds at most."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def _hang_up(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the log of calls is at /practice/calls."""
