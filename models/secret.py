"""Secrets and their versions; the rule that a pair moves together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    bindparam,
    func,
    or_,
    select,
    update,
)  # fmt: skip
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from crypto import Place, SealingKey
from models.base import ACTOR_LENGTH, Base, new_id
from models.copies.wanting import want_place
from models.project import Environment

MAX_VALUE_BYTES = 64 * 1024

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class Secret(Base):
    """A named value at an environment and path. `version` is the number of the version that is read now."""

    __tablename__ = "secrets"
    __table_args__ = (
        UniqueConstraint("environment_id", "path", "name"),
        Index("ix_secrets_project_id", "project_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    environment_id: Mapped[int] = mapped_column(ForeignKey("environments.id", ondelete="RESTRICT"))
    path: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(128))
    comment: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    environment: Mapped[Environment] = relationship()
    versions: Mapped[list[SecretVersion]] = relationship(
        back_populates="secret", order_by="SecretVersion.number.desc()", passive_deletes=True
    )

    @property
    def place(self) -> str:
        """Where it lives, as pages say it: `production:/billing/api`."""
        return f"{self.environment.name}:{self.path}"


class SecretVersion(Base):
    """One value that a secret had, sealed, with who wrote it, when and why (`rotation 41`, `edited`)."""

    __tablename__ = "secret_versions"
    __table_args__ = (
        UniqueConstraint("secret_id", "number"),
        CheckConstraint("length(value) > 0", name="value_not_empty"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    secret_id: Mapped[int] = mapped_column(ForeignKey("secrets.id", ondelete="CASCADE"))
    number: Mapped[int]
    value: Mapped[bytes]
    created_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(ACTOR_LENGTH))
    reason: Mapped[str] = mapped_column(String(200))
    rotation_id: Mapped[int | None] = mapped_column(index=True)

    secret: Mapped[Secret] = relationship(back_populates="versions")

    def open(self, key: SealingKey) -> bytes:
        """The value, with the project's sealing key. Raises crypto.CannotOpenError."""
        return key.open(self.value, _place(self.id))


def _place(version_id: str) -> Place:
    return Place("secret_versions", version_id, "value")


def name_problem(name: str) -> str | None:
    """Why `name` can't name a secret, in a sentence; None when it can."""
    if _NAME.fullmatch(name):
        return None
    return "Use letters, digits and underscores, not starting with a digit, at most 128, such as AWS_ACCESS_KEY."


def create_secret(  # noqa: PLR0913 - all by name
    session: Session,
    key: SealingKey,
    *,
    environment: Environment,
    path: str,
    name: str,
    value: bytes,
    now: datetime,
    author: str,
    comment: str = "",
    reason: str = "created",
) -> Secret:
    """Add a secret with its first version.

    Name, path and size must be right, and the place free (the database insists).
    """
    secret = Secret(
        project_id=environment.project_id,
        environment=environment,
        path=path,
        name=name,
        comment=comment,
        version=1,
        created_at=now,
        updated_at=now,
    )
    secret.versions = [_version(key, 1, value, now, author, reason)]
    session.add(secret)
    want_place(session, environment.id, path, now)
    return secret


def write_secret(
    session: Session,
    key: SealingKey,
    secret: Secret,
    value: bytes,
    *,
    now: datetime,
    author: str,
    reason: str,
    rotation_id: int | None = None,
) -> None:
    """Give the secret a new current version.

    Raises StaleSecretError when another transaction wrote it since `secret` was read.
    """
    seen = secret.version
    moved = session.execute(
        update(Secret)
        .where(Secret.id == secret.id, Secret.version == seen)
        .values(version=seen + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise StaleSecretError(secret.name)
    version = _version(key, seen + 1, value, now, author, reason)
    version.secret_id, version.rotation_id = secret.id, rotation_id
    session.add(version)
    session.flush()
    session.refresh(secret, ["version", "updated_at"])
    want_place(session, secret.environment_id, secret.path, now)


class StaleSecretError(Exception):
    """The secret was written by somebody else in the meantime."""


def _version(key: SealingKey, number: int, value: bytes, now: datetime, author: str, reason: str) -> SecretVersion:
    version_id = new_id()
    return SecretVersion(
        id=version_id,
        number=number,
        value=key.seal(value, _place(version_id)),
        created_at=now,
        author=author,
        reason=reason,
    )


def current_values(session: Session, key: SealingKey, secret_ids: Iterable[int]) -> dict[int, bytes]:
    """The current values of the secrets by id, read in one statement and so from one moment."""
    return {row.secret_id: row.open(key) for row in current_versions(session, secret_ids)}


def current_versions(session: Session, secret_ids: Iterable[int]) -> Sequence[SecretVersion]:
    """The current versions of the secrets, read in one statement and so from one moment."""
    return session.scalars(
        select(SecretVersion)
        .join(Secret, (Secret.id == SecretVersion.secret_id) & (Secret.version == SecretVersion.number))
        .where(Secret.id.in_(list(secret_ids)))
    ).all()


def lies_at(path: str, *, below: bool) -> ColumnElement[bool]:
    """The condition for secrets at the path, with `below` those of the paths below it too."""
    return _at_or_under(path, _prefix(path)) if below else Secret.path == path


def _at_or_under(path: Any, prefix: Any) -> ColumnElement[bool]:
    # Not by LIKE, which takes /Web for /web on SQLite.
    return or_(Secret.path == path, func.substr(Secret.path, 1, func.length(prefix)) == prefix)


def _prefix(path: str) -> str:
    return path.rstrip("/") + "/"


@cache
def _versions(*, below: bool, named: bool) -> Select[Secret, SecretVersion]:
    """Built once: that takes longer than to execute it."""
    path, prefix = bindparam("path", type_=String), bindparam("prefix", type_=String)
    found = (
        select(Secret, SecretVersion)
        .join(SecretVersion, (Secret.id == SecretVersion.secret_id) & (Secret.version == SecretVersion.number))
        .where(Secret.environment_id == bindparam("environment"))
        .where(_at_or_under(path, prefix) if below else Secret.path == path)
        .order_by(Secret.path, Secret.name)
    )
    return found.where(Secret.name.in_(bindparam("names", expanding=True))) if named else found


def versions_at(
    session: Session, environment_id: int, path: str, names: Collection[str] = (), *, below: bool = False
) -> list[tuple[Secret, SecretVersion]]:
    """The secrets at a path with their current versions, read in one statement and so from one moment.

    `below`: those of the paths below it too. `names`: only these; none given: all. By path and name.
    """
    values: dict[str, Any] = {"environment": environment_id, "path": path}
    if below:
        values["prefix"] = _prefix(path)
    if names:
        values["names"] = list(names)
    rows = session.execute(_versions(below=below, named=bool(names)), values)
    return [(row[0], row[1]) for row in rows]
