"""Adding secrets: one or many, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crypto import SealingKey
from models.project import Environment
from models.secret import Secret, create_secret


@dataclass(frozen=True)
class NewSecret:
    """A secret to be added; name and size must be right."""

    name: str
    value: bytes = field(repr=False)
    comment: str = ""


class NameTakenError(Exception):
    """Secrets of these names are at the place already."""

    def __init__(self, names: Sequence[str], place: str) -> None:
        super().__init__(f"{len(names)} names are taken")
        self.names = sorted(names)
        self.place = place


def add_secrets(
    session: Session,
    key: SealingKey,
    new: Sequence[NewSecret],
    *,
    environment: Environment,
    path: str,
    now: datetime,
    author: str,
) -> list[Secret]:
    """Add all of `new` at one place. Their names must differ from each other.

    Raises NameTakenError, and adds none, when a name is taken; also when somebody takes it at the same moment.
    """
    names = [each.name for each in new]
    refuse_taken(session, environment, path, names)
    try:
        with session.begin_nested():
            made = [
                create_secret(
                    session,
                    key,
                    environment=environment,
                    path=path,
                    name=each.name,
                    value=each.value,
                    comment=each.comment,
                    now=now,
                    author=author,
                )
                for each in new
            ]
    except IntegrityError:
        refuse_taken(session, environment, path, names)
        raise
    return made


def refuse_taken(session: Session, environment: Environment, path: str, names: Sequence[str]) -> None:
    """Raise NameTakenError when secrets of some of these names are at the place."""
    there = select(Secret.name).where(Secret.environment_id == environment.id, Secret.path == path)
    taken = set(session.scalars(there)) & set(names)
    if taken:
        raise NameTakenError(list(taken), f"{environment.name}:{path}")
