"""What runs in the worker processes of the crash test: an act, the real jobs, and a SIGKILL at its n-th moment.

A moment is before or after a commit that writes, or a request to AWS. The processes are forked from one that has
imported all this, as RQ's are from their worker.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

from botocore.httpsession import URLLib3Session
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session, configure_mappers

from jobs.keys import look_at
from jobs.rotate import rotate
from jobs.runtime import runtime
from models import AccessKey, Rotation, RotationStrategy
from rotation.clock import DatabaseClock
from rotation.providers import preload
from rotation.when.sweep import sweep_once
from tests.crash.people import PEOPLE
from tests.databases.no_power_cut import care_for_no_power_cut

configure_mappers()
preload()


class ShiftedClock:
    """The machine's clock, which waits for nothing: what is to come later is jumped to."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def jump_to(self, moment: datetime) -> None:
        self._ahead = max(self._ahead, moment - datetime.now(UTC))


class Killer:
    """Ends this process at its n-th moment (0: never), and says where that was."""

    def __init__(self, at: int | str, told: Pipe) -> None:
        self._at, self._told, self._seen, self._lock = at, told, 0, threading.Lock()
        self._wrote = False

    def arm(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._note_write)
        event.listen(Engine, "commit", lambda _connection: self._wrote and self._moment("before commit"))
        event.listen(Session, "after_commit", lambda _session: self._after_commit())
        send = URLLib3Session.send

        def send_or_die(session: Any, request: Any) -> Any:
            form = request.body.decode() if isinstance(request.body, bytes) else request.body or "Action=ListBuckets"
            action = form.partition("&")[0].partition("=")[2]
            self._moment(f"before {action}")
            answer = send(session, request)
            self._moment(f"after {action}")
            return answer

        URLLib3Session.send = send_or_die

    def _note_write(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._wrote = self._wrote or statement.startswith(("INSERT", "UPDATE", "DELETE"))

    def _after_commit(self) -> None:
        if self._wrote:
            self._wrote = False
            self._moment("after commit")

    def _moment(self, where: str) -> None:
        with self._lock:
            self._seen += 1
            if self._at in (self._seen, where):
                self._told.send(where)
                os.kill(os.getpid(), signal.SIGKILL)


def work(env: Mapping[str, str], act: str, options: Mapping[str, Any], die_at: int | str, told: Pipe) -> None:
    """In the process: do `act`, and die at the n-th moment on the way, or at one of that name.

    Tells where it was, or what went wrong.
    """
    os.environ.update(env)
    clock = ShiftedClock(options.get("ahead_s", 0))
    DatabaseClock.now = lambda _self: clock.now()
    try:
        care_for_no_power_cut(runtime().engine)
        Killer(die_at, told).arm()
        _do(act, clock)
        drive(clock, options["for_s"])
        told.send("done")
    except BaseException as error:
        told.send(f"failed: {type(error).__name__}: {error}")
        raise


def _do(act: str, clock: ShiftedClock) -> None:
    """What a person does, in one transaction as a request does it; nobody does `""`."""
    if not act:
        return
    with runtime().session() as session:
        strategy = session.scalar(select(RotationStrategy))
        if strategy is not None:
            PEOPLE[act](session, strategy, clock.now(), runtime().keyring)
            session.commit()


def drive(clock: ShiftedClock, for_s: float) -> None:
    """Sweep and do what is found, by the real jobs, over so many seconds; what is to come is jumped to."""
    end = clock.now() + timedelta(seconds=for_s)
    while True:
        with runtime().session() as session:
            due = sweep_once(session, clock.now())
        for rotation_id, _ in due.rotations:
            rotate(rotation_id)
        for key_id, _ in due.keys:
            look_at(key_id)
        if due.rotations or due.keys:
            continue
        moment = _next_moment(clock.now())
        if moment is None or moment > end:
            return
        clock.jump_to(moment + timedelta(milliseconds=1))


def _next_moment(now: datetime) -> datetime | None:
    columns = (
        RotationStrategy.due_at, RotationStrategy.retry_at, Rotation.wait_until, Rotation.lease_until,
        AccessKey.look_at,
    )  # fmt: skip
    moments = []
    with runtime().session() as session:
        for column in columns:
            query = select(func.min(column)).where(column > now)
            moments.append(
                session.scalar(query.where(Rotation.ended_at.is_(None)) if column.class_ is Rotation else query)
            )
    return min((moment for moment in moments if moment is not None), default=None)
