"""The secrets that a token reaches, with their current values: one, some or all, in one answer from one moment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request

from api.blueprint import bp, described_as_conditional
from api.door import refuse, want_token
from api.secrets.reach import etag_of, version_in_reach
from api.secrets.schemas import SecretsAnswer, SecretsQuery, ValueAnswer, value_members
from api.unchanged import may_repeat
from api.waiting import wait_for
from crypto import SealingKey
from database import aside, db
from models import ServiceToken
from models.base import stamp
from models.programs.handed import note_read, unnoted_reads
from models.project import normal_path
from models.secret import Secret, SecretVersion, versions_at
from views.frame.services import keyring, now

Found = Sequence[tuple[Secret, SecretVersion]]


@bp.get("/api/v1/secrets", tags=["Secrets"])
@bp.arguments(SecretsQuery, location="query")
@described_as_conditional
@bp.response(200, SecretsAnswer)
def read_secrets(query: dict[str, Any]) -> Response:
    """Read secrets with their values, all in one answer from one moment.

    A pair that a strategy writes is whole: the old one or the new one. Read both in one request.
    """
    token = want_token()
    found = _find(token, query.get("path"), set(query.get("name", ())))
    etag = _etag(found)
    wait_for(("project", token.project_id), query["wait"])
    _note(token, found)
    if request.if_none_match.contains(etag):
        response = Response(status=304)
        may_repeat(token)
    else:
        key = token.project.sealing_key(keyring())
        documents = [_document(secret, version, key) for secret, version in found]
        response = jsonify(secrets=[{**each, "changed_at": stamp(each["changed_at"])} for each in documents])
    response.set_etag(etag)
    return response


@bp.get("/api/v1/secrets/<int:secret_id>", tags=["Secrets"])
@bp.conditional
@bp.response(200, ValueAnswer)
def read_secret(secret_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Read one secret with its value."""
    token = want_token()
    if not token.reads_secrets:
        refuse(token)
    found = version_in_reach(token, secret_id)
    _note(token, [found])
    key = token.project.sealing_key(keyring())
    return _document(*found, key), {"ETag": f'"{etag_of(found[0])}"'}


def _find(token: ServiceToken, asked: str | None, names: set[str]) -> Found:
    """What was asked for, whole: a name that isn't there gets the one answer to whoever may not."""
    try:
        path = token.path if asked is None else normal_path(asked)
    except ValueError:
        refuse(token)
    if not token.reads_secrets or not token.covers(token.environment_id, path):
        refuse(token)
    below = asked is None and token.subtree
    found = versions_at(db.session(), token.environment_id, path, names, below=below)
    if names - {secret.name for secret, _ in found}:
        refuse(token)
    return found


def _etag(found: Found) -> str:
    """Another one whenever a secret comes, goes, moves or gets another value."""
    return hashlib.sha256("\n".join(etag_of(secret) for secret, _ in found).encode()).hexdigest()[:32]


def _note(token: ServiceToken, found: Found) -> None:
    """Write down which keys the program holds by now, for the page that tells who holds which."""
    rotations = {version.rotation_id for _, version in found if version.rotation_id is not None}
    if keys := rotations and unnoted_reads(db.session(), token.id, rotations, now()):
        with aside() as writer:
            for key_id in keys:
                note_read(writer, token.id, key_id, now())


def _document(secret: Secret, version: SecretVersion, key: SealingKey) -> dict[str, Any]:
    return {
        "id": secret.id,
        "name": secret.name,
        "path": secret.path,
        "comment": secret.comment,
        **value_members(version.open(key)),
        "version": version.number,
        "changed_at": version.created_at,
    }
