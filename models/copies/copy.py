"""Copies: what of a project is copied to one destination, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    case,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from models.base import Base, UtcDateTime
from models.copies.destination import Destination
from models.project import Environment
from models.secret import Secret
from models.strategy import RotationStrategy

OUTPUTS = ("access_key_id", "secret_access_key", "smtp_user_name", "smtp_password")
"""What a strategy's outputs are called in a copy's names, in their order."""

FAILING = "copies.why <> ''"
"""What of a copy needs a person's attention; in words of SQL, for an index of such copies is asked for by these."""

LONGEST_PAUSE = timedelta(hours=1)
"""So long at most a copy that fails waits until it is tried again."""


class Copy(Base):
    """What a strategy writes, or all secrets at a path, in another store. It is behind while `confirmed` < `wanted`."""

    __tablename__ = "copies"
    __table_args__ = (
        UniqueConstraint("destination_id", "strategy_id"),
        UniqueConstraint("destination_id", "environment_id", "path"),
        CheckConstraint("(strategy_id IS NULL) <> (environment_id IS NULL)", name="one_source"),
        CheckConstraint("(path IS NULL) = (environment_id IS NULL)", name="whole_place"),
        Index("ix_copies_next_at", "next_at"),
        Index("ix_copies_strategy_id", "strategy_id"),
        Index("ix_copies_place", "environment_id", "path"),
        Index("ix_copies_project_id", "project_id"),
        Index("ix_copies_failing", "id", sqlite_where=text("why <> ''"), postgresql_where=text("why <> ''")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    destination_id: Mapped[str] = mapped_column(ForeignKey("destinations.id", ondelete="RESTRICT"))
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("rotation_strategies.id", ondelete="CASCADE"))
    environment_id: Mapped[int | None] = mapped_column(ForeignKey("environments.id", ondelete="CASCADE"))
    path: Mapped[str | None] = mapped_column(String(255))
    names: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """Of a strategy: what its outputs are called there, by the words of OUTPUTS."""
    prefix: Mapped[str] = mapped_column(String(128), default="")
    """Of a path: what stands before the names of the secrets there."""
    wanted: Mapped[int] = mapped_column(default=1)
    """Counts the changes that are to be copied."""
    confirmed: Mapped[int] = mapped_column(default=0)
    """The count that the destination has taken, wholly."""
    written: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """By each name there, the id of the secret version that it was last given."""
    made: Mapped[list[str]] = mapped_column(JSON, default=list)
    """The names that weren't there before Keyturn wrote them: these alone may be deleted."""
    next_at: Mapped[datetime | None]
    """When it is to be worked on; NULL when there is nothing to do."""
    busy_until: Mapped[datetime | None]
    """A worker has it until then. What it is at must have ended by that time, for another one begins."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often a worker took it up or it was wanted anew: tells what is done for it apart."""
    failing_since: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(String(16), default="")
    """Why the last try failed: of rotation.copies.store.Why; empty when it didn't."""
    said: Mapped[str] = mapped_column(String(300), default="")
    copied_at: Mapped[datetime | None]
    """When the destination last took everything."""
    removing_at: Mapped[datetime | None]
    """Since when it waits for what it made to be deleted there, and then goes itself."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))

    destination: Mapped[Destination] = relationship()
    strategy: Mapped[RotationStrategy | None] = relationship()
    environment: Mapped[Environment | None] = relationship()

    @property
    def is_behind(self) -> bool:
        """Whether the destination doesn't have everything yet. One that is being removed keeps nobody waiting."""
        return self.confirmed < self.wanted and self.removing_at is None

    @property
    def place(self) -> str:
        """The path that is copied, as pages say it: `production:/billing/api`; empty for a strategy's."""
        return "" if self.environment is None else f"{self.environment.name}:{self.path}"

    @property
    def what(self) -> str:
        """What is copied, in words: `the key of billing-api`, or `the secrets at production:/billing/api`."""
        return f"the secrets at {self.place}" if self.strategy is None else f"the key of {self.strategy.user_name}"


def copies_due(session: Session, now: datetime, most: int) -> list[tuple[int, int]]:
    """The copies whose time has come and that no worker has, with how often they were taken up so far."""
    due = select(Copy.id, Copy.tries).where(Copy.next_at <= now, _is_idle(now)).order_by(Copy.next_at).limit(most)
    return [(row[0], row[1]) for row in session.execute(due)]


def claim_copy(session: Session, copy_id: int, now: datetime, until: datetime) -> Copy | None:
    """Take a copy that is due, for nobody else until then; None where another has it. Commits.

    What it returns, with its destination as of the same moment, is apart from the session: it is written by
    `claimed_tries` and `write_copy` alone.
    """
    taken = session.execute(
        update(Copy)
        .where(Copy.id == copy_id, Copy.next_at <= now, _is_idle(now))
        .values(busy_until=until, tries=Copy.tries + 1)
        .execution_options(synchronize_session=False)
    )
    whole = select(Copy).where(Copy.id == copy_id).options(joinedload(Copy.destination))
    fresh = whole.execution_options(populate_existing=True)
    found = session.scalar(fresh) if taken.rowcount else None  # type: ignore[attr-defined]
    session.commit()
    if found is not None:
        session.expunge(found.destination)
        session.expunge(found)
    return found


def claimed_tries(session: Session, copy: Copy, claimed_until: datetime) -> int | None:
    """The `tries` of a copy that is this worker's until then, now locked; None if it no longer is, or is gone.

    They are more than when it was claimed if it was wanted anew since.
    """
    mine = select(Copy.tries).where(Copy.id == copy.id, Copy.busy_until == claimed_until)
    return session.scalar(mine.with_for_update())


def write_copy(session: Session, copy: Copy, **values: Any) -> None:
    """Write values of a copy that is locked, without committing."""
    session.execute(
        update(Copy).where(Copy.id == copy.id).values(**values).execution_options(synchronize_session=False)
    )


def when_more_is_wanted(copy: Copy, now: datetime) -> Any:
    """For `next_at`: now if more was wanted since the copy was claimed, else never."""
    return case((Copy.wanted > copy.wanted, literal(now, UtcDateTime)), else_=None)


def copies_to(session: Session, destination_id: str) -> Sequence[Copy]:
    """The destination's copies with what they are of, oldest first."""
    mine = select(Copy).where(Copy.destination_id == destination_id).order_by(Copy.id)
    return session.scalars(mine.options(joinedload(Copy.strategy), joinedload(Copy.environment))).all()


def copies_of(session: Session, strategy: RotationStrategy) -> Sequence[Copy]:
    """The copies that hold the strategy's keys, its own and those of its secrets' paths, with their destinations."""
    output_ids = [each for each in strategy.output_ids if each is not None]
    at_path = select(Secret.id).where(
        Secret.id.in_(output_ids), Secret.environment_id == Copy.environment_id, Secret.path == Copy.path
    )
    found = select(Copy).where(or_(Copy.strategy_id == strategy.id, at_path.exists())).order_by(Copy.id)
    found = found.where(Copy.project_id == strategy.project_id)
    return session.scalars(
        found.options(joinedload(Copy.destination), joinedload(Copy.environment)).execution_options(
            populate_existing=True
        )
    ).all()


@cache
def failing() -> Select[int, str]:
    """For a statement: each strategy of which a copy fails, with the name of the copy's destination."""
    fails = text(FAILING)
    of_its_own = select(Copy.strategy_id, Destination.name).join(Copy.destination).where(Copy.strategy_id.is_not(None))
    of_its_path = (
        select(RotationStrategy.id, Destination.name)
        .select_from(Copy)
        .join(Copy.destination)
        .join(Secret, (Secret.environment_id == Copy.environment_id) & (Secret.path == Copy.path))
        .join(RotationStrategy, RotationStrategy.access_key_secret_id == Secret.id)
    )
    both = union_all(of_its_own.where(fails), of_its_path.where(fails)).subquery("failing")
    return select(both.c[0].label("strategy_id"), both.c[1].label("name"))


def _is_idle(now: datetime) -> Any:
    return or_(Copy.busy_until.is_(None), Copy.busy_until <= now)
