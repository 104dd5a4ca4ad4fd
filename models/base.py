"""What all tables share: the base class, ids and the type for moments in time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, Integer, MetaData
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

ACTOR_LENGTH = 80
"""The longest name of who did something: a person's, or a token's with `token:` before it."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in Python, UTC in the database. A naive value is a programming error and raises ValueError."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What Python has for it."""
        return datetime

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """To the database: UTC, without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """From the database: aware, in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The base of all tables. Constraints are named by rule, so that migrations can name them.

    A number that a row had is never another's: the audit log, versions of secrets and programs go on naming what is
    gone. PostgreSQL gives none twice by itself, SQLite has to be told (https://www.sqlite.org/autoinc.html).
    """

    # A registry, not its parts: Flask-SQLAlchemy copies the class, and SQLAlchemy refuses a copy with both.
    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: UtcDateTime},
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make its table."""
        super().__init_subclass__(**kwargs)
        table = getattr(cls, "__table__", None)
        if table is not None and isinstance(table.c.get("id", Column()).type, Integer):
            table.dialect_options["sqlite"]["autoincrement"] = True


def add_unless_there(session: Session, row: Base) -> bool:
    """Add the row, without committing; False, and nothing added, where another one has its name or its place."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def as_long_again(since: datetime, now: datetime, most: timedelta) -> datetime:
    """When what fails since then is tried again: after as long as it has failed for, 5 seconds to `most`."""
    return now + min(max(now - since, timedelta(seconds=5)), most)


def stamp(moment: datetime) -> str:
    """A moment as programs are told it: `2026-11-24T12:00:00Z`. It is in UTC."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def new_id() -> str:
    """An id for a row that holds ciphertext: chosen before the row exists, for the ciphertext is bound to it."""
    return uuid.uuid4().hex
