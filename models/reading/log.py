"""The audit log, filtered, newest first, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from models.audit import Action, AuditEntry
from models.project import Project
from models.strategy import RotationStrategy

_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)
_ROTATION = re.compile(r"rotation ([0-9]{1,9})", re.ASCII | re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Cursor:
    """A position in the log: the page goes on with what is older than this entry."""

    at: datetime
    id: int

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """A cursor from its text form. Raises ValueError."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise ValueError("not a position in the log")
        try:
            return cls(_EPOCH + int(match[1]) * _MICROSECOND, int(match[2]))
        except OverflowError as error:
            raise ValueError("not a position in the log") from error

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id}"


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; what is empty or None asks for all."""

    project_id: str | None = None
    text: str = ""
    """A part of what it was done to or of the IAM user's name, the whole address it came from, or `rotation 41`."""
    action: str = ""
    """One action, or the thing of several: `secret` for all that begin with `secret.`."""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Entries before this moment."""
    strategy_id: int | None = None
    secret_id: int | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """The filter in SQL."""
        columns = {
            AuditEntry.project_id: self.project_id,
            AuditEntry.strategy_id: self.strategy_id,
            AuditEntry.secret_id: self.secret_id,
            AuditEntry.actor: self.actor or None,
        }
        yield from (column == wanted for column, wanted in columns.items() if wanted is not None)
        if self.since is not None:
            yield AuditEntry.at >= self.since
        if self.until is not None:
            yield AuditEntry.at < self.until
        if self.action:
            yield or_(
                AuditEntry.action == self.action, AuditEntry.action.startswith(f"{self.action}.", autoescape=True)
            )
        if self.text:
            yield _about(self.text)


@dataclass(frozen=True)
class Page:
    """Entries, newest first, and where the next page begins; None when there is none."""

    entries: list[AuditEntry]
    older: Cursor | None


def read_page(session: Session, wanted: Filter, size: int, before: Cursor | None = None) -> Page:
    """A page of at most `size` entries."""
    query = select(AuditEntry).where(*wanted.conditions())
    if before is not None:
        query = query.where(AuditEntry.at <= before.at, or_(AuditEntry.at < before.at, AuditEntry.id < before.id))
    found = list(session.scalars(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(size + 1)))
    entries = found[:size]
    return Page(entries, Cursor(entries[-1].at, entries[-1].id) if len(found) > size else None)


def read_all(session: Session, wanted: Filter, batch: int = 500) -> Iterator[AuditEntry]:
    """All entries, newest first, a batch at a time: no transaction stays open while the caller is slow.

    `session` must be one that nobody else uses meanwhile.
    """
    before: Cursor | None = None
    while True:
        page = read_page(session, wanted, batch, before)
        session.expunge_all()
        session.rollback()
        yield from page.entries
        if page.older is None:
            return
        before = page.older


def living_strategies(session: Session, page: Page) -> dict[int, str]:
    """The user names, by id, of the strategies of these entries that still exist, and so can be linked to."""
    ids = {entry.strategy_id for entry in page.entries}
    rows = session.execute(select(RotationStrategy.id, RotationStrategy.user_name).where(RotationStrategy.id.in_(ids)))
    return {row.id: row.user_name for row in rows}


def project_names(session: Session, page: Page | None = None) -> dict[str, str]:
    """The names of the projects of these entries, by id; of all projects without a page."""
    query = select(Project.id, Project.name)
    if page is not None:
        query = query.where(Project.id.in_({entry.project_id for entry in page.entries}))
    return {row.id: row.name for row in session.execute(query)}


def deletion_of(session: Session, project_id: str, strategy_id: int) -> AuditEntry | None:
    """The entry that tells who deleted the project's strategy of this id; None when nobody has."""
    return session.scalar(
        select(AuditEntry)
        .where(
            AuditEntry.project_id == project_id,
            AuditEntry.strategy_id == strategy_id,
            AuditEntry.action == Action.STRATEGY_DELETE.value,
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )


def strategy_of_rotation(session: Session, project_id: str, rotation_id: int) -> int:
    """The id of the strategy whose rotation this was, by the entry that tells who asked for it; 0 when nobody has."""
    found = session.scalar(
        select(AuditEntry.strategy_id)
        .where(
            AuditEntry.project_id == project_id,
            AuditEntry.action == Action.ROTATION_REQUEST.value,
            AuditEntry.detail["rotation"].as_integer() == rotation_id,
        )
        .limit(1)
    )
    return found or 0


def _about(text: str) -> ColumnElement[bool]:
    rotation = _ROTATION.fullmatch(text)
    if rotation is not None:
        is_one: ColumnElement[bool] = AuditEntry.detail["rotation"].as_integer() == int(rotation[1])
        return is_one
    escaped = re.sub(r"([\\%_])", r"\\\1", text)
    # A key as pages shorten it, AKIA…FVKD, finds the whole one.
    pattern = f"%{escaped.replace('…', '%')}%"
    parts = (column.ilike(pattern, escape="\\") for column in (AuditEntry.thing, AuditEntry.user_name))
    return or_(*parts, AuditEntry.address == text)
