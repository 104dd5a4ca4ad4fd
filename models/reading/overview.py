"""What the list of projects says of each, and how far a project is on its way to the first turned key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.access_key import AccessKey, KeyState
from models.connection import Connection
from models.project import Project
from models.secret import Secret
from models.strategy import RotationStrategy

PAIR = 2


@dataclass(frozen=True)
class Summary:
    """What a project holds."""

    secrets: int
    strategies: int
    turned_at: datetime | None
    """When a key was published last."""


def summaries(session: Session, project_ids: Iterable[str]) -> dict[str, Summary]:
    """A summary for each of the projects, by id."""
    secrets = select(func.count()).where(Secret.project_id == Project.id).scalar_subquery()
    strategies = select(func.count()).where(RotationStrategy.project_id == Project.id).scalar_subquery()
    turned_at = select(func.max(AccessKey.published_at)).where(AccessKey.project_id == Project.id).scalar_subquery()
    rows = session.execute(select(Project.id, secrets, strategies, turned_at).where(Project.id.in_(project_ids)))
    return {row[0]: Summary(*row[1:]) for row in rows}


@dataclass(frozen=True)
class FirstSteps:
    """Which of the steps to the first turned key are done."""

    connection: bool
    secrets: bool
    strategy: bool
    rotation: bool

    @property
    def done_names(self) -> list[str]:
        """Those that are."""
        return [name for name, is_done in vars(self).items() if is_done]

    @property
    def done(self) -> int:
        """How many are."""
        return len(self.done_names)


def first_steps(session: Session, project: Project) -> FirstSteps:
    """How far the project is. One statement."""
    connection = select(Connection.id).where(Connection.project_id == project.id).exists()
    # A secret and another one: counting them all would take longer the more there are.
    some = select(Secret.id).where(Secret.project_id == project.id).limit(PAIR).subquery()
    secrets = select(func.count()).select_from(some).scalar_subquery()
    strategy = select(RotationStrategy.id).where(RotationStrategy.project_id == project.id).exists()
    published = select(AccessKey.id).where(
        AccessKey.project_id == project.id, AccessKey.state == KeyState.ACTIVE.value, AccessKey.rotation_id.is_not(None)
    )
    row = session.execute(select(connection, secrets, strategy, published.exists())).one()
    return FirstSteps(bool(row[0]), row[1] >= PAIR, bool(row[2]), bool(row[3]))
