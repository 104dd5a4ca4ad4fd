"""The secret that a token asks for by its id, if it reaches so far."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from api.door import refuse
from api.fields import LARGEST_ID
from database import db
from models import Secret, SecretVersion, ServiceToken
from models.programs.reach import secrets_of


def secret_in_reach(token: ServiceToken, secret_id: int, *, lock: bool = False) -> Secret:
    """The secret with its environment; refuses what the token doesn't reach. Its rights are to be looked at before.

    `lock`: nobody else changes it until the commit.
    """
    mine = select(Secret).where(Secret.id == secret_id, secrets_of(token)).options(joinedload(Secret.environment))
    mine = mine.with_for_update(of=Secret) if lock else mine
    found = db.session.scalar(mine) if secret_id <= LARGEST_ID else None
    return found or refuse(token)


def version_in_reach(token: ServiceToken, secret_id: int, number: int | None = None) -> tuple[Secret, SecretVersion]:
    """The secret with its version of this number, or with its current one; refuses what the token doesn't reach."""
    if max(secret_id, number or 0) > LARGEST_ID:
        refuse(token)
    wanted = Secret.version if number is None else number
    row = db.session.execute(
        select(Secret, SecretVersion)
        .join(SecretVersion, SecretVersion.secret_id == Secret.id)
        .where(Secret.id == secret_id, SecretVersion.number == wanted, secrets_of(token))
    ).one_or_none()
    return (row[0], row[1]) if row is not None else refuse(token)


def etag_of(secret: Secret) -> str:
    """Another one whenever the secret moves, or gets another name, comment or value."""
    told = f"{secret.id} {secret.path} {secret.name} {secret.version} {secret.comment}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]
