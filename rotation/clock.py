"""What time it is, as the engine asks: a seam, so that tests move time themselves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

_STALE_S = 60


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        ...


class DatabaseClock:
    """The database server's clock, for machines whose own ones differ: leases and due times are judged by one.

    SQLite has no server: there it is the machine's, which all processes on the file share.
    """

    def __init__(self) -> None:
        self._told: tuple[datetime, float] | None = None

    @property
    def is_stale(self) -> bool:
        """Whether the database hasn't told the time for so long that it should be asked again."""
        return self._told is None or time.monotonic() - self._told[1] > _STALE_S

    def follow(self, session: Session) -> None:
        """Ask the database what time it is; from then on this machine only measures how much has passed. Commits."""
        if session.get_bind().dialect.name != "postgresql":
            return
        told = session.scalars(select(func.clock_timestamp())).one()
        session.commit()
        self._told = (told.astimezone(UTC), time.monotonic())

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        if self._told is None:
            return datetime.now(UTC)
        moment, since = self._told
        return moment + timedelta(seconds=time.monotonic() - since)
