"""What time it is, as the engine asks: a seam, so that tests move time themselves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        return datetime.now(UTC)


class DatabaseClock:
    """The database server's clock, for machines whose own ones differ: leases and due times are judged by one.

    SQLite has no server: there it is the machine's, which all processes on the file share.
    """

    def __init__(self) -> None:
        self._told: tuple[datetime, float] | None = None

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
