"""A WSGI app behind RSGI, granian's own interface: requests are worked on by a few threads, and wait without one.

https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
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
        """What is still to be sent."""
        self.stream: Any = None
        """Where the beginning of a long body went."""

    def start(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], None]:
        """WSGI's start_response."""
        self.status, self.headers = int(status[:3]), headers
        return self._write

    def _write(self, data: bytes) -> None:
        self.body += data


Send = Callable[[Answer], None]
"""Sends what an answer has of its body so far, and takes it away; waits for that."""


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
        with suppress(ProtocolClosed):  # whoever asked is gone
            await self._answer(scope, proto)

    async def _answer(self, scope: Any, proto: Any) -> None:
        loop = asyncio.get_running_loop()
        environ = environ_of(scope, await _body(scope, proto, self._body_limit))
        wait, seen = Wait(), self._waiting.seen
        ask = partial(loop.run_in_executor, self._threads, self._ask, environ, None)
        send = partial(_send_from_thread, loop, proto)
        answer = await loop.run_in_executor(self._threads, self._ask, {**environ, WAIT: wait}, send)
        if wait.seconds:
            answer = await self._waiting.hold(wait, _told_apart_by(environ), answer, seen, ask)
        if answer.stream is None:
            proto.response_bytes(answer.status, answer.headers, answer.body)
        else:
            await answer.stream.send_bytes(answer.body)

    def _ask(self, environ: Environ, send: Send | None) -> Answer:
        """The app's answer, read in one thread: what is made while it is read may depend on that."""
        answer, taken, size = Answer(), [], 0
        parts = self._wsgi({**environ}, answer.start)
        try:
            for part in parts:
                taken.append(part)
                size += len(part)
                if send is not None and size > _AT_ONCE:
                    answer.body += b"".join(taken)
                    taken, size = [], 0
                    send(answer)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        answer.body += b"".join(taken)
        return answer


def _send_from_thread(loop: asyncio.AbstractEventLoop, proto: Any, answer: Answer) -> None:
    asyncio.run_coroutine_threadsafe(_send_part(proto, answer), loop).result()


async def _send_part(proto: Any, answer: Answer) -> None:
    if answer.stream is None:
        answer.stream = proto.response_stream(answer.status, answer.headers)
    part, answer.body = answer.body, b""
    await answer.stream.send_bytes(part)


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
        if "_" in name:
            continue  # else X_Forwarded_For, which proxies let through, would be taken for X-Forwarded-For
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
