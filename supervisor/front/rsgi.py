"""A WSGI app behind RSGI, granian's own interface: requests are worked on by a few threads, and wait without one.

https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]

from api.waiting import WAIT, Wait
from supervisor.front.waiting import Waiting

Environ = dict[str, Any]
Wsgi = Callable[..., Iterable[bytes]]

_AT_ONCE = 256 * 1024
"""So many bytes of an answer are collected before it is sent as a stream."""


class Answer:
    """What the app answers."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.rest: Iterator[bytes] | None = None
        """What comes after `body`, where there is much."""

    def start(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], None]:
        """WSGI's start_response."""
        self.status, self.headers = int(status[:3]), headers
        return self._write

    def _write(self, data: bytes) -> None:
        self.body += data

    def read(self, parts: Iterable[bytes]) -> None:
        """Take the body, or as much of it as is sent at once."""
        found = iter(parts)
        size, taken = 0, []
        for part in found:
            taken.append(part)
            size += len(part)
            if size > _AT_ONCE:
                self.rest = _closing(found, parts)
                break
        else:
            _close(parts)
        self.body += b"".join(taken)


class Front:
    """The app of one web process, as granian calls it."""

    def __init__(self, wsgi: Wsgi, waiting: Waiting[Answer], threads: int, body_limit: int) -> None:
        """`body_limit`: so many bytes of a request's body are read; the app refuses more."""
        self._wsgi, self._waiting, self._body_limit = wsgi, waiting, body_limit
        self._threads = ThreadPoolExecutor(threads, "request")

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """Answer a request."""
        if scope.proto != "http":
            proto.close(403)
            return
        loop = asyncio.get_running_loop()
        environ = environ_of(scope, await _body(scope, proto, self._body_limit))
        wait, seen = Wait(), self._waiting.seen
        ask = partial(loop.run_in_executor, self._threads, self._ask, environ)
        answer = await loop.run_in_executor(self._threads, self._ask, {**environ, WAIT: wait})
        if wait.seconds:
            answer = await self._waiting.hold(wait, _told_apart_by(environ), answer, seen, ask)
        await self._send_if_there(proto, answer)

    def _ask(self, environ: Environ) -> Answer:
        answer = Answer()
        answer.read(self._wsgi({**environ}, answer.start))
        return answer

    async def _send_if_there(self, proto: Any, answer: Answer) -> None:
        with suppress(ProtocolClosed):
            await self._send(proto, answer)

    async def _send(self, proto: Any, answer: Answer) -> None:
        if answer.rest is None:
            proto.response_bytes(answer.status, answer.headers, answer.body)
            return
        stream = proto.response_stream(answer.status, answer.headers)
        await stream.send_bytes(answer.body)
        loop = asyncio.get_running_loop()
        try:
            while (part := await loop.run_in_executor(self._threads, next, answer.rest, None)) is not None:
                await stream.send_bytes(part)
        finally:
            await loop.run_in_executor(self._threads, answer.rest.close)  # type: ignore[attr-defined]


def _told_apart_by(environ: Environ) -> tuple[Any, ...]:
    """What an answer depends on: who asks, from where, for what, and what is known."""
    names = (
        "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "HTTP_AUTHORIZATION", "HTTP_IF_NONE_MATCH", "REMOTE_ADDR",
        "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO",
    )  # fmt: skip
    return tuple(environ.get(name, "") for name in names)


def environ_of(scope: Any, body: bytes) -> Environ:
    """The request as WSGI has it (PEP 3333)."""
    host, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method, "SCRIPT_NAME": "", "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string, "SERVER_NAME": host, "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}", "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope.scheme, "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }  # fmt: skip
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        if key in environ:
            value = f"{environ[key]}{';' if key == 'HTTP_COOKIE' else ','}{value}"  # noqa: PLW2901 - one header, sent in parts
        environ[key] = value
    if scope.authority and "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority
    return environ


async def _body(scope: Any, proto: Any, limit: int) -> bytes:
    """The request's body, or the beginning of one that is too long: the app refuses it."""
    if scope.method in {"GET", "HEAD"}:
        return b""
    parts, size = [], 0
    async for part in proto:
        parts.append(part)
        size += len(part)
        if size > limit:
            break
    return b"".join(parts)


def _closing(found: Iterator[bytes], parts: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from chain(found)
    finally:
        _close(parts)


def _close(parts: Any) -> None:
    if hasattr(parts, "close"):
        parts.close()
