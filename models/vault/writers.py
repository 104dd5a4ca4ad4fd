"""Which rotation strategy writes a secret: people don't, while it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from models.secret import Secret
from models.strategy import RotationStrategy

_OUTPUTS = (
    RotationStrategy.access_key_secret_id,
    RotationStrategy.secret_key_secret_id,
    RotationStrategy.smtp_user_secret_id,
    RotationStrategy.smtp_password_secret_id,
)


@dataclass(frozen=True)
class Writer:
    """A rotation strategy, as far as the secrets that it writes tell of it."""

    id: int
    user_name: str
    access_key_secret_id: int | None
    secret_key_secret_id: int | None
    smtp_user_secret_id: int | None
    smtp_password_secret_id: int | None
    next_at: datetime | None
    """When it rotates next by itself; None when only the button rotates, or while it is paused."""
    is_paused: bool

    @property
    def secret_ids(self) -> tuple[int, ...]:
        """The secrets that it writes: the access key ID's, the secret access key's, then those for SES SMTP."""
        return tuple(each for each in (getattr(self, column.key) for column in _OUTPUTS) if each is not None)


class WrittenByStrategyError(Exception):
    """A rotation strategy writes the secret, so people don't change its value and don't delete it."""

    def __init__(self, writer: Writer) -> None:
        super().__init__(f"strategy {writer.id} writes the secret")
        self.writer = writer


def writers(session: Session, project_id: str) -> dict[int, Writer]:
    """By a secret's id, the strategy that writes it: all of the project, in one statement."""
    rows = session.execute(_strategies().where(RotationStrategy.project_id == project_id))
    found = [_writer(row) for row in rows]
    return {secret_id: writer for writer in found for secret_id in writer.secret_ids}


def writer_of(session: Session, secret_id: int) -> Writer | None:
    """The strategy that writes this secret, if one does."""
    row = session.execute(_strategies().where(_writes(secret_id))).one_or_none()
    return _writer(row) if row else None


def is_written(*secret_ids: Any, but: int | None = None) -> ColumnElement[bool]:
    """For a statement: whether a strategy, other than that of the id `but`, writes one of these secrets or columns."""
    written = select(RotationStrategy.id).where(_writes(*secret_ids))
    return (written if but is None else written.where(RotationStrategy.id != but)).exists()


def refuse_written(session: Session, secret: Secret) -> None:
    """Raise WrittenByStrategyError when a strategy writes the secret."""
    writer = writer_of(session, secret.id)
    if writer is not None:
        raise WrittenByStrategyError(writer)


def _writes(*secret_ids: Any) -> ColumnElement[bool]:
    return or_(*(column.in_(secret_ids) for column in _OUTPUTS))


def _strategies() -> Select[*tuple[Any, ...]]:
    return select(
        RotationStrategy.id,
        RotationStrategy.user_name,
        *_OUTPUTS,
        RotationStrategy.due_at,
        RotationStrategy.retry_at,
        RotationStrategy.paused_at,
    )


def _writer(row: Any) -> Writer:
    next_at = min(filter(None, (row.due_at, row.retry_at)), default=None)
    return Writer(
        row.id, row.user_name, row.access_key_secret_id, row.secret_key_secret_id, row.smtp_user_secret_id,
        row.smtp_password_secret_id, next_at, row.paused_at is not None,
    )  # fmt: skip
