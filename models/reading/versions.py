"""The versions of a secret as a page lists them: never a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crypto import OVERHEAD_BYTES
from models.access_key import AccessKey
from models.rotation import Rotation
from models.secret import Secret, SecretVersion


@dataclass(frozen=True)
class VersionRow:
    """One version."""

    number: int
    created_at: datetime
    author: str
    reason: str
    rotation_id: int | None
    is_linked: bool
    """Whether the rotation that wrote it still has a page."""
    is_empty: bool
    is_current: bool
    access_key_id: str | None
    """The key that its rotation made, for a secret that a strategy writes."""
    key_state: str | None


def read_versions(
    session: Session, secret: Secret, size: int, before: int | None = None
) -> tuple[list[VersionRow], int | None]:
    """A page of at most `size` versions, the newest first, and the number to go on before; None at the end."""
    query = (
        select(
            SecretVersion.number,
            SecretVersion.created_at,
            SecretVersion.author,
            SecretVersion.reason,
            SecretVersion.rotation_id,
            func.length(SecretVersion.value).label("length"),
            Rotation.id.label("rotation"),
            AccessKey.access_key_id,
            AccessKey.state,
        )
        .outerjoin(Rotation, Rotation.id == SecretVersion.rotation_id)
        .outerjoin(AccessKey, AccessKey.id == Rotation.access_key_id)
        .where(SecretVersion.secret_id == secret.id)
    )
    if before is not None:
        query = query.where(SecretVersion.number < before)
    found = session.execute(query.order_by(SecretVersion.number.desc()).limit(size + 1)).all()
    shown = [
        VersionRow(
            row.number,
            row.created_at,
            row.author,
            row.reason,
            row.rotation_id,
            row.rotation is not None,
            row.length == OVERHEAD_BYTES,
            row.number == secret.version,
            row.access_key_id,
            row.state,
        )
        for row in found[:size]
    ]
    return shown, shown[-1].number if len(found) > size else None
