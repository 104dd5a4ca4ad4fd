"""Telling people, by Apprise: mail, Slack, Teams and what else it knows. Imported at the first message, for it is big.

While it sends, nothing is logged, for it and what it uses log addresses with their passwords; and no connection is made
to where it may not lead.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from crypto import SealingKey
from models import NoticeAddress, OutboxEvent
from rotation.asking import NotAllowedError, UnansweredError, is_private
from rotation.telling.services import SERVICES
from rotation.telling.words import words_of

_LOUD = ("urllib3", "requests_oauthlib")
_STATUS = re.compile(r"\b[45]\d\d\b")


def send(address: NoticeAddress, event: OutboxEvent, key: SealingKey, base_url: str) -> None:
    """Tell it. Raises UnansweredError."""
    words, url = words_of(event, base_url), address.open_url(key)
    with _quiet() as said, _guarded(allows_private=address.allows_private) as refused:
        import apprise  # noqa: PLC0415 - it takes a second and 30 MB, in the fork that sends alone

        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None or not _schemas(service) & SERVICES.keys():
            raise UnansweredError("Apprise doesn't take this address: a part is missing")
        arrived = service.notify(title=words.title, body=words.body)
    if not arrived:
        raise UnansweredError(refused[0] if refused else _why(said))


def _schemas(service: Any) -> set[str]:
    return set(service.schemas())


def _why(said: list[str]) -> str:
    """What is known of a failure: the status that the service gave. The rest may hold the address."""
    found = next((match[0] for line in said if (match := _STATUS.search(line))), "")
    return f"The service answered {found}" if found else "The service didn't take it, or doesn't answer"


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Log nothing; what Apprise warns of is collected."""
    loud, collector = logging.getLogger("apprise"), _Collector()
    others = [logging.getLogger(), *(logging.getLogger(name) for name in _LOUD)]
    levels = [each.level for each in (loud, *others)]
    for each in others:
        each.setLevel(logging.CRITICAL)
    loud.setLevel(logging.WARNING)
    propagated, loud.propagate = loud.propagate, False
    loud.addHandler(collector)
    try:
        yield collector.said
    finally:
        loud.removeHandler(collector)
        loud.propagate = propagated
        for each, level in zip((loud, *others), levels, strict=True):
            each.setLevel(level)


class _Guard:
    """Looks at each connection of this process while a message is sent that may lead to public addresses only."""

    def __init__(self) -> None:
        self.refused: list[str] | None = None
        self.is_installed = False

    def install(self) -> None:
        """An audit hook can't be removed, and this one does nothing but while a message is sent."""
        if not self.is_installed:
            sys.addaudithook(self.look)
            self.is_installed = True

    def look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.refused is None or event not in {"socket.connect", "socket.sendto"}:
            return
        host = arguments[1][0] if isinstance(arguments[1], tuple) else ""
        if not _is_public(host):
            refusal = NotAllowedError(str(host))
            self.refused.append(str(refusal))
            raise refusal


_guard = _Guard()


def _is_public(host: object) -> bool:
    """Whether it is a numeric address of the public internet: a name would be resolved after this look."""
    try:
        return not is_private(str(host))
    except ValueError:
        return False


@contextmanager
def _guarded(*, allows_private: bool) -> Iterator[list[str]]:
    refused: list[str] = []
    if not allows_private:
        _guard.install()
        _guard.refused = refused
    try:
        yield refused
    finally:
        _guard.refused = None
