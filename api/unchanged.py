"""Answers of 304 that are given again without asking anew, while nothing at all was committed to the database.

Programs ask for their secrets every few seconds, and as a rule nothing has changed. In front of the app what it said is
said again to whoever asks the very same from the same address, until its token ends or its use is to be noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Lock
from typing import Any

from flask import request

from models import ServiceToken
from models.programs.token import TOUCH
from models.reading.mark import DatabaseMark
from rotation.clock import Clock

Headers = list[tuple[str, str]]
Wsgi = Callable[..., Iterable[bytes]]

_UNTIL = "keyturn.unchanged-until"
"""Where in a request's WSGI environment the app says until when its answer may be given again."""
_MOST = 10_000
_SAME = (
    "HTTP_AUTHORIZATION", "REMOTE_ADDR", "PATH_INFO", "QUERY_STRING", "HTTP_IF_NONE_MATCH", "HTTP_HOST",
    "wsgi.url_scheme",
)  # fmt: skip


def may_repeat(token: ServiceToken) -> None:
    """Let this answer, if it is 304, be given again while nothing changes and the token needn't be looked at.

    For answers that depend on nothing but the database, the token and what was asked.
    """
    if token.used_at is not None and request.if_none_match:
        ends = [token.used_at + TOUCH, *([token.expires_at] if token.expires_at else [])]
        request.environ[_UNTIL] = min(ends)


class Unchanged:
    """A WSGI app in front of another one."""

    def __init__(self, wsgi: Wsgi, mark: DatabaseMark, clock: Clock) -> None:
        self._wsgi, self._mark, self._clock = wsgi, mark, clock
        self._lock = Lock()
        self._at: object = None
        """The mark at which all that is known was said."""
        self._known: dict[tuple[str, ...], tuple[datetime, Headers]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        # Who waits for a change asks once for many looks: nothing is saved there, and many may come at one moment.
        waits = "wait=" in environ.get("QUERY_STRING", "")
        if environ["REQUEST_METHOD"] != "GET" or "HTTP_IF_NONE_MATCH" not in environ or waits:
            return self._wsgi(environ, start_response)
        asked = tuple(environ.get(name, "") for name in _SAME)
        mark = self._mark.read()
        headers = self._said(asked, mark)
        if headers is not None:
            start_response("304 NOT MODIFIED", [*headers])
            return []

        def start(status: str, headers: Headers, *more: Any) -> Any:
            until = environ.get(_UNTIL)
            if until is not None and status.startswith("304"):
                self._keep(asked, mark, until, headers)
            return start_response(status, headers, *more)

        return self._wsgi(environ, start)

    def _said(self, asked: tuple[str, ...], mark: object) -> Headers | None:
        if mark is None or mark != self._at:
            return None
        until, headers = self._known.get(asked, (None, None))
        return headers if until is not None and self._clock.now() < until else None

    def _keep(self, asked: tuple[str, ...], mark: object, until: datetime, headers: Headers) -> None:
        """Keep what was said of what was there at the mark, which was read before."""
        if mark is None:
            return
        with self._lock:
            if mark != self._at or len(self._known) >= _MOST:
                # Another dictionary, not an emptied one: a request may be looking into this one.
                self._at, self._known = mark, {}
            self._known[asked] = (until, [*headers])
