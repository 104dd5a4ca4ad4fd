"""Changing what is there: a secret's value, name and comment, its earlier versions, its end.

Who changes says what they saw, and is told when it isn't so any more: nobody's change is lost unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crypto import SealingKey
from models.copies.wanting import want_place
from models.secret import Secret, SecretVersion, StaleSecretError, write_secret
from models.vault.adding import NameTakenError
from models.vault.writers import WrittenByStrategyError, refuse_written, writer_of


@dataclass(frozen=True)
class Seen:
    """What a person saw of a secret when they began to change it."""

    version: int
    name: str
    comment: str

    @classmethod
    def of(cls, secret: Secret) -> Seen:
        """What is to be seen now."""
        return cls(secret.version, secret.name, secret.comment)


@dataclass(frozen=True)
class Change:
    """What a person wants: None leaves the value as it is."""

    name: str
    comment: str
    value: bytes | None


def change_secret(
    session: Session, key: SealingKey, secret: Secret, seen: Seen, change: Change, *, now: datetime, author: str
) -> list[str]:
    """Make the change and return what differs by it, of `value`, `name` and `comment`.

    Raises StaleSecretError when what it changes was changed since, NameTakenError, and WrittenByStrategyError for the
    value of a secret that a strategy writes.
    """
    lock(session, secret)
    words = {"name": change.name, "comment": change.comment}
    wanted = {column: text for column, text in words.items() if text != getattr(seen, column)}
    if any(getattr(secret, column) != getattr(seen, column) for column in wanted):
        raise StaleSecretError(secret.name)
    if change.value is not None:
        refuse_written(session, secret)
        if secret.version != seen.version:
            raise StaleSecretError(secret.name)
    if wanted:
        _reword(session, secret, wanted, now)
    if change.value is not None:
        write_secret(session, key, secret, change.value, now=now, author=author, reason="edited")
    return [*(["value"] if change.value is not None else []), *wanted]


def restore_version(
    session: Session, key: SealingKey, secret: Secret, number: int, seen: int, *, now: datetime, author: str
) -> None:
    """Make the value of an earlier version the current one, as a new version that says from which.

    `seen` is the current version as the person saw it. Raises StaleSecretError, WrittenByStrategyError, and LookupError
    when there is no such version.
    """
    lock(session, secret)
    refuse_written(session, secret)
    if secret.version != seen:
        raise StaleSecretError(secret.name)
    earlier = find_version(session, secret, number)
    if earlier is None or number == secret.version:
        raise LookupError(number)
    write_secret(
        session, key, secret, earlier.open(key), now=now, author=author, reason=f"version {number} brought back"
    )


def delete_secret(session: Session, secret: Secret, now: datetime) -> None:
    """Delete the secret with all its versions. Raises WrittenByStrategyError; the database refuses too."""
    lock(session, secret)
    refuse_written(session, secret)
    try:
        with session.begin_nested():
            session.execute(delete(Secret).where(Secret.id == secret.id).execution_options(synchronize_session=False))
    except IntegrityError as error:
        # A strategy was made for it at this moment.
        writer = writer_of(session, secret.id)
        if writer is None:
            raise
        raise WrittenByStrategyError(writer) from error
    want_place(session, secret.environment_id, secret.path, now)
    session.expunge(secret)


def find_version(session: Session, secret: Secret, number: int) -> SecretVersion | None:
    """The secret's version of this number."""
    return session.scalar(
        select(SecretVersion).where(SecretVersion.secret_id == secret.id, SecretVersion.number == number)
    )


def lock(session: Session, secret: Secret) -> None:
    """Hold the secret's row until the commit, and read it anew: what is checked from here on stays so."""
    session.refresh(secret, with_for_update={"of": Secret})


def _reword(session: Session, secret: Secret, words: dict[str, str], now: datetime) -> None:
    place = secret.place
    try:
        with session.begin_nested():
            for column, text in words.items():
                setattr(secret, column, text)
            secret.updated_at = now
    except IntegrityError:
        raise NameTakenError([words["name"]], place) from None
    want_place(session, secret.environment_id, secret.path, now)
