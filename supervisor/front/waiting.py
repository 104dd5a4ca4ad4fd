"""Requests that wait until something has changed: each is a few kilobytes, and none a thread.

The app answers at once, and says what the request waits for. While that is 304, the request is held, and the app is
asked again when what it waits for has changed. Equal requests of one program are asked once for all.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from api.waiting import Subject, Wait

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.2
_GO_ON_S = 60
"""So long after the last request that waited it still looks: the next one needn't begin anew."""
_NOT_MODIFIED = 304


class Status(Protocol):
    """An answer."""

    status: int


A = TypeVar("A", bound=Status)


class Waiting(Generic[A]):
    """Who waits in this process. `look` asks, in a thread, which of the subjects that are waited for have changed."""

    def __init__(self, look: Callable[[Iterable[Subject]], set[Subject]]) -> None:
        self._look = look
        self._looks = 0
        self._changed_at: dict[Subject, int] = {}
        """In which look a change was found."""
        self._waiters: defaultdict[Subject, set[asyncio.Future[None]]] = defaultdict(set)
        self._asked: dict[tuple[Any, ...], asyncio.Task[A]] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._until = 0.0
        self._is_looking = False
        """Whether a change from here on is found; not before the first look."""

    @property
    def count(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiters.values()))

    @property
    def seen(self) -> int:
        """What an answer that is begun now has seen; 0 while nobody looks."""
        return self._looks if self._is_looking else 0

    async def hold(
        self, wait: Wait, request: tuple[Any, ...], answer: A, seen: int, ask: Callable[[], Awaitable[A]]
    ) -> A:
        """The answer once it isn't 304 any more, or the time is over.

        `request` tells equal requests; `seen` is as it was before the answer was begun.
        """
        until = time.monotonic() + wait.seconds
        while answer.status == _NOT_MODIFIED and wait.subject is not None and (left := until - time.monotonic()) > 0:
            if not await self._change_of(wait.subject, seen, left):
                break
            seen = self._looks
            answer = await self._ask_once((*request, seen), ask)
        return answer

    async def _change_of(self, subject: Subject, seen: int, within_s: float) -> bool:
        """Wait for a change that an answer of `seen` may not have; False when none came in time."""
        self._watch()
        if self._is_looking and (not seen or self._changed_at.get(subject, 0) > seen):
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[subject].add(waiter)
        try:
            await asyncio.wait_for(waiter, within_s)
        except TimeoutError:
            return False
        finally:
            self._waiters[subject].discard(waiter)
            if not self._waiters[subject]:
                del self._waiters[subject]
        return True

    async def _ask_once(self, request: tuple[Any, ...], ask: Callable[[], Awaitable[A]]) -> A:
        if request not in self._asked:
            task = asyncio.ensure_future(ask())
            self._asked[request] = task
            task.add_done_callback(lambda _done: self._asked.pop(request, None))
        return await asyncio.shield(self._asked[request])

    def _watch(self) -> None:
        self._until = time.monotonic() + _GO_ON_S
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.ensure_future(self._go_on_looking())

    async def _go_on_looking(self) -> None:
        """Look every so often, once for all."""
        while self._waiters or time.monotonic() < self._until:
            waited = list(self._waiters)
            with suppress(SQLAlchemyError):
                changed = await asyncio.to_thread(self._look, waited)
                self._looks, self._is_looking = self._looks + 1, True
                self._tell(changed)
            await asyncio.sleep(LOOK_EVERY_S)
        self._is_looking = False
        self._changed_at.clear()

    def _tell(self, changed: set[Subject]) -> None:
        for subject in changed:
            self._changed_at[subject] = self._looks
            for waiter in self._waiters.get(subject, ()):
                if not waiter.done():
                    waiter.set_result(None)
