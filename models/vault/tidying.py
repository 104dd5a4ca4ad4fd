"""Renaming and deleting projects and environments: only what is empty goes."""

from __future__ import annotations

from sqlalchemy import delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.audit import keep_project_name
from models.connection import Connection
from models.copies.destination import Destination
from models.project import Environment, Project
from models.secret import Secret
from models.strategy import RotationStrategy


class TakenError(Exception):
    """Another one has this name."""


class NotEmptyError(Exception):
    """Something is still in it; `contents` says how many of what."""

    def __init__(self, contents: dict[str, int]) -> None:
        super().__init__(f"holds {contents}")
        self.contents = contents


class LastEnvironmentError(Exception):
    """A project keeps at least one environment."""


def rename(session: Session, thing: Project | Environment, name: str) -> None:
    """Give it another name, which must be right. Raises TakenError."""
    try:
        with session.begin_nested():
            thing.name = name
    except IntegrityError:
        raise TakenError(name) from None


def project_contents(session: Session, project: Project) -> dict[str, int]:
    """How many secrets, rotation strategies, connections and destinations of copies the project holds."""
    counts = [
        select(func.count()).select_from(table).where(table.project_id == project.id).scalar_subquery()
        for table in (Secret, RotationStrategy, Connection, Destination)
    ]
    numbers = session.execute(select(*counts)).one()
    return dict(zip(("secret", "rotation strategy", "connection", "destination of copies"), numbers, strict=True))


def delete_project(session: Session, project: Project) -> None:
    """Delete an empty project with its environments. Raises NotEmptyError."""
    # Whoever adds something to it at this moment waits for the lock, and then finds no project.
    session.refresh(project, with_for_update={"of": Project})
    contents = project_contents(session, project)
    if any(contents.values()):
        raise NotEmptyError(contents)
    keep_project_name(session, project.id, project.name)
    session.execute(delete(Project).where(Project.id == project.id).execution_options(synchronize_session=False))
    session.expunge(project)


def refuse_to_delete(session: Session, environment: Environment) -> None:
    """Raise NotEmptyError, or LastEnvironmentError for a project's only one, when it can't be deleted."""
    others = exists().where(Environment.project_id == environment.project_id, Environment.id != environment.id)
    if not session.scalar(select(others)):
        raise LastEnvironmentError
    secrets = session.scalar(select(func.count()).select_from(Secret).where(Secret.environment_id == environment.id))
    if secrets:
        raise NotEmptyError({"secret": secrets})


def delete_environment(session: Session, environment: Environment) -> None:
    """Delete an empty environment. Raises as `refuse_to_delete` does."""
    session.refresh(environment.project, with_for_update={"of": Project})
    session.refresh(environment, with_for_update={"of": Environment})
    refuse_to_delete(session, environment)
    session.execute(
        delete(Environment).where(Environment.id == environment.id).execution_options(synchronize_session=False)
    )
    session.expunge(environment)
