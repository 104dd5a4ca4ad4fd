"""What stores say over HTTP: from an answer to StoreError, without anything that was sent."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, quote_plus

from rotation.asking import Answer, UnansweredError, Way, ask
from rotation.copies.store import StoreError, Why

USER_AGENT: Final = "Keyturn-Copies/1"
SAID_LENGTH = 200
_READ_BYTES = 100_000
_WAIT_S = 86_400
"""The longest wait that a store may ask for."""
_PIECE = 8
"""So many letters in a row of something secret are blanked out: a store may say a part of it."""
_READ_LENGTH = 600
_WHY = {
    401: Why.REFUSED,
    402: Why.FULL,
    403: Why.FORBIDDEN,
    404: Why.NO_SUCH_PLACE,
    405: Why.NO_SUCH_PLACE,
    410: Why.NO_SUCH_PLACE,
    400: Why.BAD_VALUE,
    413: Why.BAD_VALUE,
    422: Why.BAD_VALUE,
    429: Why.THROTTLED,
}
_MESSAGES = ("message", "error_description", "error", "detail", "title")
_URL_SAFE = str.maketrans("+/", "-_")
_MOVED = range(300, 400)


@dataclass
class Talk:
    """Requests to one store, and what its refusals mean.

    `hidden` is blanked out of whatever the store says; `own_why` reads what is peculiar to it, before the common rules.
    """

    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    way: Way
    hidden: list[str] = field(default_factory=list, repr=False)
    own_why: Callable[[Answer], Why | None] = lambda _answer: None
    most: int = _READ_BYTES
    """So many bytes of an answer are read."""

    def hide(self, values: Iterable[str]) -> None:
        """Blank these out, too, of what the store says from now on."""
        self.hidden.extend(value for value in values if value)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        well: Collection[int] = (HTTPStatus.OK,),
        content_type: str = "application/json",
    ) -> Answer:
        """The answer to a JSON body, of one of the statuses `well`. Raises StoreError for any other, and for none."""
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT, "Connection": "close", **self.headers}
        sent = None
        if body is not None:
            sent = json.dumps(body).encode()
            headers["Content-Type"] = content_type
        try:
            answer = ask(method, self.base_url + path, sent, headers, self.way, self.most)
        except UnansweredError as error:
            raise StoreError(Why.UNREACHABLE, without(str(error), self.hidden)) from None
        if answer.status not in well:
            raise self.error(answer)
        return answer

    def error(self, answer: Answer) -> StoreError:
        """What an answer that isn't well means."""
        why = self.own_why(answer) or why_of(answer.status)
        return StoreError(why, without(words(answer), self.hidden), retry_after_s(answer.headers))


def why_of(status: int) -> Why:
    """What a status means at most stores."""
    return Why.NO_SUCH_PLACE if status in _MOVED else _WHY.get(status, Why.FAILED)


def decoded(answer: Answer) -> dict[str, Any]:
    """The object in the answer's body. Raises StoreError where it is cut short, no JSON or none."""
    found = _json(answer)
    if not isinstance(found, dict):
        raise StoreError(Why.FAILED, "The answer isn't what the API describes")
    return found


def text_of(found: Mapping[str, Any], name: str) -> str:
    """A text in an object that a store sent. Raises StoreError where it isn't one."""
    text = found.get(name)
    if not isinstance(text, str):
        raise StoreError(Why.FAILED, f"The answer has no {name}")
    return text


def words(answer: Answer) -> str:
    """What the answer says to a person: its message, or its status where it has none."""
    found = _json(answer)
    if isinstance(found, dict):
        for name in _MESSAGES:
            if found.get(name):
                return _flat(found[name])
    if answer.headers.get("content-type", "").startswith("text/plain") and answer.body.strip():
        return answer.body
    with suppress(ValueError):
        return f"HTTP {answer.status} {HTTPStatus(answer.status).phrase}"
    return f"HTTP {answer.status}"


def _flat(told: object, depth: int = 3) -> str:
    if isinstance(told, dict) and depth:
        return "; ".join(f"{name}: {_flat(part, depth - 1)}" for name, part in told.items())
    if isinstance(told, list) and depth:
        return ", ".join(_flat(part, depth - 1) for part in told)
    return "…" if isinstance(told, dict | list) else str(told)


def without(text: str, hidden: Collection[str]) -> str:
    """`text` on one line of SAID_LENGTH letters at most, with what is hidden blanked out, in parts and encoded, too."""
    line = text[:_READ_LENGTH]
    blank = [False] * len(line)
    for secret in {form for value in hidden for form in _forms(value)}:
        size = min(_PIECE, len(secret))
        for start in range(len(line) - size + 1):
            if line[start : start + size] in secret:
                blank[start : start + size] = [True] * size
    shown = "".join(
        ("" if at and blank[at - 1] else "…") if blank[at] else (letter if letter.isprintable() else " ")
        for at, letter in enumerate(line)
    )
    shown = " ".join(shown.split())
    return shown if len(shown) <= SAID_LENGTH else shown[: SAID_LENGTH - 1] + "…"


def retry_after_s(headers: Mapping[str, str]) -> int | None:
    """How long the store asks to be left alone, in seconds: Retry-After, or when its rate limit begins anew."""
    told = headers.get("retry-after", "")
    if told.isdecimal():
        return min(int(told), _WAIT_S)
    until = _moment(told)
    if until is None and headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        until = datetime.fromtimestamp(min(int(reset), 2**32), UTC) if reset.isdecimal() else None
    if until is None:
        return None
    # By the store's own clock where it tells it.
    now = _moment(headers.get("date", "")) or datetime.now(UTC)
    return max(0, min(int((until - now).total_seconds()), _WAIT_S))


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _json(answer: Answer) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(answer.body)
    return None


def _forms(value: str) -> Iterator[str]:
    """The value as an answer may hold it."""
    if value:
        yield value
        yield json.dumps(value)[1:-1]
        yield json.dumps(value, ensure_ascii=False)[1:-1]
        yield quote(value, safe="", errors="replace")
        yield quote_plus(value, errors="replace")
        yield html.escape(value)
        plain = value.encode(errors="replace")
        for before in range(3):
            # Within a longer text the first letters depend on what stands before them.
            part = base64.b64encode(b"\0" * before + plain)[4 if before else 0 :].decode()
            yield part
            yield part.translate(_URL_SAFE)
