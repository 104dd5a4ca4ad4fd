"""Keeps credentials and files fresh from a thread of its own; while the server is away, goes on with what it has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from keyturn import secrets
from keyturn.agent.files import render
from keyturn.agent.hooks import run_hook
from keyturn.agent.profiles import keep_profiles
from keyturn.agent.settings import Kept, Settings
from keyturn.handed import Handed, fetch
from keyturn.pauses import Pauses
from keyturn.problems import Problem, Refused
from keyturn.server import LONGEST_WAIT_S, Server

POLL_S = 60
"""How often credentials are asked for where no change of a secret tells of a rotation."""
_PAUSE_S = 1.0


class Keeper:
    """What the settings name, kept up to date with the server."""

    def __init__(
        self, server: Server, settings: Settings, say: Callable[[str], None], before: Keeper | None = None
    ) -> None:
        self._server, self.settings, self._say = server, settings, say
        held = {} if before is None else {kept.number: before.handed(kept.number) for kept in settings.strategies}
        self._handed = {number: handed for number, handed in held.items() if handed is not None}
        self._due = {kept.number: _now() for kept in settings.strategies}
        self._etag, self._reads = "", True
        self._problems: dict[str, str] = {}
        self._pauses = Pauses()
        self.stopped = Event()

    def handed(self, number: int) -> Handed | None:
        """What AWS still takes of the strategy's, by the server's word; None where there is nothing."""
        found = self._handed.get(number)
        return found if found is not None and found.until > _now() else None

    def problem(self, number: int) -> str:
        """Why the strategy's credentials couldn't be fetched last time; empty if they could."""
        return self._problems.get(f"strategy {number}", "")

    def run(self) -> None:
        """Keep all up to date until `stopped` is set."""
        while not self.stopped.is_set():
            self.step()

    def step(self) -> None:
        """Fetch what is due, then wait for a change or for what is due next."""
        for kept in self.settings.strategies:
            if self._due[kept.number] <= _now() and not self.stopped.is_set():
                self._fetch(kept)
        if self._reads:
            self._wait_for_change()
        else:
            self.stopped.wait(self._idle_s(POLL_S))

    def _fetch(self, kept: Kept) -> None:
        what = f"strategy {kept.number}"
        try:
            handed = fetch(self._server, str(kept.number))
        except Problem as problem:
            self._due[kept.number] = _now() + timedelta(seconds=self._pauses.next_s())
            if isinstance(problem, Refused):  # revoked, say: it may not have them any more
                self._handed.pop(kept.number, None)
            self._note(what, problem, self._goes_on(kept.number))
            return
        self._note(what, None)
        before = self._handed.get(kept.number)
        self._handed[kept.number] = handed
        self._due[kept.number] = _now() + min(timedelta(seconds=POLL_S), (handed.until - _now()) / 2)
        if before is None or before.access_key_id != handed.access_key_id:
            self._say(f"{what}: {handed.access_key_id}, until {handed.expiration}")
            self._keep_profiles()
            run_hook(kept.run, self._say)

    def _wait_for_change(self) -> None:
        began = _now()
        try:
            found = self._server.get_if_changed(secrets.PATH, None, self._etag, int(self._idle_s(LONGEST_WAIT_S)))
        except Refused as problem:
            self._reads = False
            self._note("secrets", problem if self.settings.files else None)
            return
        except Problem as problem:
            self._note("secrets", problem)
            self.stopped.wait(self._pauses.next_s())
            return
        self._note("secrets", None)
        if found is not None and not self.stopped.is_set():
            answer, self._etag = found
            self._due = {number: _now() for number in self._due}
            self._render(answer)
        # A server that holds no answers would be asked all the time.
        self.stopped.wait(max(0.0, _PAUSE_S - (_now() - began).total_seconds()))

    def _render(self, answer: Any) -> None:
        for file in self.settings.files:
            try:
                changed = render(file, answer)
            except (Problem, OSError) as problem:
                self._note(str(file.path), problem)
                continue
            self._note(str(file.path), None)
            if changed:
                self._say(f"{file.path} is written.")
                run_hook(file.run, self._say)

    def _keep_profiles(self) -> None:
        path = self.settings.credentials_file
        named = {kept.profile: self._handed.get(kept.number) for kept in self.settings.strategies if kept.profile}
        profiles = {name: handed for name, handed in named.items() if handed is not None}
        if not profiles:
            return
        try:
            keep_profiles(path, profiles)
        except OSError as problem:
            self._note(str(path), problem)
        else:
            self._note(str(path), None)

    def _idle_s(self, most: float) -> float:
        """How long nothing is due, between one second and `most`."""
        soonest = min(self._due.values(), default=None)
        left = most if soonest is None else (soonest - _now()).total_seconds()
        return max(1.0, min(most, left))

    def _goes_on(self, number: int) -> str:
        handed = self.handed(number)
        return "" if handed is None else f" Programs go on with {handed.access_key_id} until {handed.expiration}."

    def _note(self, what: str, problem: Exception | None, more: str = "") -> None:
        """Tell what goes wrong once, and when it doesn't any more."""
        text = "" if problem is None else str(problem)
        if isinstance(problem, Problem):
            text = problem.format_message()
        if text:
            if self._problems.get(what) != text:
                self._say(f"{what}: {text}{more}")
            self._problems[what] = text
        elif self._problems.pop(what, None) is not None:
            self._pauses.begin_anew()
            self._say(f"{what}: works again.")


def _now() -> datetime:
    return datetime.now(UTC)
