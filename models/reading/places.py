"""Secrets as a page lists them: where they are, who wrote them last, which strategy writes them. Never a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from crypto import OVERHEAD_BYTES
from models.project import Environment, Project
from models.secret import Secret, SecretVersion
from models.vault.writers import Writer, writers

FIRST, SECOND = "first", "second"


@dataclass(frozen=True)
class Row:
    """A secret in a list."""

    id: int
    name: str
    path: str
    comment: str
    version: int
    changed_at: datetime
    author: str
    rotation_id: int | None
    is_empty: bool
    writer: Writer | None
    pair: str = ""
    """`first` or `second` where the list has its partner beside it."""


def secrets_at(session: Session, environment: Environment, path: str) -> list[Row]:
    """The secrets of one path, by name; pairs stand together."""
    return _rows(session, environment.project_id, Secret.environment_id == environment.id, Secret.path == path)


def search(session: Session, environment: Environment, text: str) -> list[Row]:
    """The secrets of the environment whose name contains `text`, in any path and case."""
    named = func.lower(Secret.name).contains(text.lower(), autoescape=True)
    return _rows(session, environment.project_id, Secret.environment_id == environment.id, named)


def one_secret(session: Session, secret: Secret) -> Row:
    """The secret as a row of its own."""
    return _rows(session, secret.project_id, Secret.id == secret.id)[0]


def folders(session: Session, environment: Environment, path: str) -> list[str]:
    """The names of the next parts of the paths below `path` in which there are secrets."""
    prefix = path.rstrip("/") + "/"
    below = select(Secret.path).where(
        Secret.environment_id == environment.id, Secret.path.startswith(prefix, autoescape=True), Secret.path != prefix
    )
    # SQLite's LIKE takes capital letters for small ones.
    found = [each for each in session.scalars(below.distinct()) if each.startswith(prefix)]
    return sorted({each.removeprefix(prefix).split("/")[0] for each in found})


def open_first(session: Session, project: Project) -> tuple[Environment, str]:
    """The environment and path to begin with: those of the secret that was added last, else the first and `/`."""
    newest = select(Secret).where(Secret.project_id == project.id).order_by(Secret.id.desc()).limit(1)
    secret = session.scalar(newest.options(joinedload(Secret.environment)))
    return (secret.environment, secret.path) if secret else (project.environments[0], "/")


def _rows(session: Session, project_id: str, *conditions: ColumnElement[bool]) -> list[Row]:
    written = writers(session, project_id)
    found = session.execute(
        select(
            Secret.id,
            Secret.name,
            Secret.path,
            Secret.comment,
            Secret.version,
            SecretVersion.created_at,
            SecretVersion.author,
            SecretVersion.rotation_id,
            func.length(SecretVersion.value).label("length"),
        )
        .join(SecretVersion, (SecretVersion.secret_id == Secret.id) & (SecretVersion.number == Secret.version))
        .where(*conditions)
    ).all()
    return _in_order(found, written)


def _in_order(found: Sequence[Any], written: dict[int, Writer]) -> list[Row]:
    """By name and path, the second of a pair right after its first."""
    by_id = {row.id: row for row in found}

    def key(row: Any) -> tuple[str, str, int]:
        first = _first(row.id, written, by_id)
        return (by_id[first].name, by_id[first].path, 0 if first == row.id else 1)

    pairs = {row.id for row in found if _first(row.id, written, by_id) != row.id}
    firsts = {_first(each, written, by_id) for each in pairs}
    return [
        Row(
            row.id,
            row.name,
            row.path,
            row.comment,
            row.version,
            row.created_at,
            row.author,
            row.rotation_id,
            row.length == OVERHEAD_BYTES,
            written.get(row.id),
            SECOND if row.id in pairs else FIRST if row.id in firsts else "",
        )
        for row in sorted(found, key=key)
    ]


def _first(secret_id: int, written: dict[int, Writer], shown: Iterable[int]) -> int:
    """The first of the pair that the secret belongs to, where it is shown too; else the secret itself."""
    writer = written.get(secret_id)
    first = writer.access_key_secret_id if writer else None
    return first if first is not None and first in shown else secret_id
