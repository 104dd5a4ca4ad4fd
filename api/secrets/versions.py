"""The values that a secret had."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from api.blueprint import bp
from api.door import refuse, want_token
from api.paging import PageQuery, read_page
from api.secrets.reach import secret_in_reach, version_in_reach
from api.secrets.schemas import VersionsAnswer, VersionValueAnswer, value_members
from database import db
from models import Project, SecretVersion, ServiceToken
from views.frame.services import keyring


@bp.get("/api/v1/secrets/<int:secret_id>/versions", tags=["Secrets"])
@bp.arguments(PageQuery, location="query")
@bp.conditional
@bp.response(200, VersionsAnswer)
def list_versions(query: dict[str, Any], secret_id: int) -> dict[str, Any]:
    """List a secret's versions, the newest first, without their values."""
    secret = secret_in_reach(_reader(), secret_id)
    columns = (
        SecretVersion.number, SecretVersion.created_at, SecretVersion.author, SecretVersion.reason,
        SecretVersion.rotation_id, (SecretVersion.number == secret.version).label("is_current"),
    )  # fmt: skip
    mine = select(*columns).where(SecretVersion.secret_id == secret.id)
    rows, cursor = read_page(mine, [SecretVersion.number], query, newest_first=True)
    return {"versions": rows, "next_cursor": cursor}


@bp.get("/api/v1/secrets/<int:secret_id>/versions/<int:number>", tags=["Secrets"])
@bp.conditional
@bp.response(200, VersionValueAnswer)
def read_version(secret_id: int, number: int) -> dict[str, Any]:
    """Read a value that a secret had."""
    token = _reader()
    _, version = version_in_reach(token, secret_id, number)
    key = db.session.get_one(Project, token.project_id).sealing_key(keyring())
    return {"number": version.number, "created_at": version.created_at, **value_members(version.open(key))}


def _reader() -> ServiceToken:
    token = want_token()
    return token if token.reads_secrets else refuse(token)
