"""The secrets that a token reaches, with their current values: one, some or all, in one answer from one moment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request

from api.blueprint import bp
from api.door import refuse, want_token
from crypto import SealingKey
from database import aside, db
from models import Project, ServiceToken
from models.programs.handed import note_read, unnoted_reads
from models.project import normal_path
from models.secret import Secret, SecretVersion, versions_at
from views.frame.identity import public
from views.frame.services import keyring, now

Found = Sequence[tuple[Secret, SecretVersion]]


@bp.get("/api/v1/secrets")
@public
def read_secrets() -> Response:
    """The secrets at the token's path and below, or at `?path=`; `?name=`, once or more, chooses.

    A pair that a strategy writes is whole: the old one or the new one. `If-None-Match` gets 304 while nothing changed.
    """
    token = want_token()
    found = _find(token)
    etag = _etag(found)
    _note(token, found)
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        key = db.session.get_one(Project, token.project_id).sealing_key(keyring())
        response = jsonify(secrets=[_document(secret, version, key) for secret, version in found])
    response.set_etag(etag)
    return response


def _find(token: ServiceToken) -> Found:
    """What was asked for, whole: a name that isn't there gets the one answer to whoever may not."""
    names = set(request.args.getlist("name"))
    asked = request.args.get("path")
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
    told = [f"{secret.id} {secret.path} {secret.name} {secret.version}" for secret, _ in found]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def _note(token: ServiceToken, found: Found) -> None:
    """Write down which keys the program holds by now, for the page that tells who holds which."""
    rotations = {version.rotation_id for _, version in found if version.rotation_id is not None}
    if keys := rotations and unnoted_reads(db.session(), token.id, rotations, now()):
        with aside() as writer:
            for key_id in keys:
                note_read(writer, token.id, key_id, now())


def _document(secret: Secret, version: SecretVersion, key: SealingKey) -> dict[str, Any]:
    return {
        "name": secret.name,
        "path": secret.path,
        "value": version.open(key).decode(),
        "version": version.number,
        "changed_at": f"{version.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }
