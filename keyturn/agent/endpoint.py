"""The endpoint of the AWS SDKs on loopback: container credentials, one path a strategy, answered from memory."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from keyturn.agent.keeper import Keeper
from keyturn.token_form import document

_TIMEOUT_S = 30


class Endpoint(ThreadingHTTPServer):
    """Serves what the keeper holds to whoever has the agent's own token. Raises OSError where the port is taken."""

    daemon_threads = True

    def __init__(self, host: str, port: int, token: str, keeper: Callable[[], Keeper]) -> None:
        if ":" in host:
            import socket  # noqa: PLC0415

            self.address_family = socket.AF_INET6
        self.token, self.keeper = token, keeper
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "keyturn-agent", ""
    timeout = _TIMEOUT_S

    def do_GET(self) -> None:
        """Answer with a strategy's credentials."""
        server = cast("Endpoint", self.server)
        address = urlsplit(self.path)
        if not self._is_ours():
            return self._problem(HTTPStatus.FORBIDDEN, "This is not the host that the agent listens on.")
        if not self._may(server):
            return self._problem(HTTPStatus.UNAUTHORIZED, "The token is not the agent's.")
        number = address.path.removeprefix("/")
        if not number.isdecimal() or int(number) not in {kept.number for kept in server.keeper().settings.strategies}:
            return self._problem(HTTPStatus.NOT_FOUND, "The agent keeps no such strategy.")
        handed = server.keeper().handed(int(number))
        if handed is None:
            reason = server.keeper().problem(int(number)) or "The credentials are being fetched."
            return self._problem(HTTPStatus.SERVICE_UNAVAILABLE, reason)
        chosen = parse_qs(address.query).get("token", [""])[0]
        made = document(
            handed.access_key_id, handed.secret_access_key, handed.session_token, handed.expiration, chosen=chosen,
            headers=cast("Any", self.headers),
        )  # fmt: skip
        return self._answer(HTTPStatus.OK, "application/json", made)

    def _is_ours(self) -> bool:
        """Whether the request names this machine: a page in a browser that lets its own name lead here doesn't."""
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host", "")
        return host in {"127.0.0.1", "[::1]", "localhost"}

    def _may(self, server: Endpoint) -> bool:
        sent = (self.headers.get("Authorization") or "").removeprefix("Bearer ").strip()
        return secrets.compare_digest(sent.encode(), server.token.encode())

    def _problem(self, status: HTTPStatus, detail: str) -> None:
        told = {"status": status, "title": status.phrase, "detail": detail, "code": "agent", "message": detail}
        self._answer(status, "application/problem+json", told)

    def _answer(self, status: HTTPStatus, kind: str, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Programs ask all the time: nothing is written."""
