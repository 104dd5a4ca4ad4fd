"""Adding, changing and deleting secrets. What a strategy writes nobody else does."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from sqlalchemy import select

from api.blueprint import bp, described_as_matched
from api.door import name_of, refuse, want_token
from api.problems import Problem
from api.secrets.reach import etag_of, secret_in_reach
from api.secrets.schemas import ChangeBody, NewSecretBody, SecretAnswer
from api.writing import writing
from database import db
from models import Action, Environment, Secret, SecretVersion, ServiceToken
from models.audit import record
from models.project import normal_path
from models.secret import StaleSecretError
from models.vault.adding import NameTakenError, NewSecret, add_secrets
from models.vault.editing import Change, Seen, change_secret
from models.vault.editing import delete_secret as delete
from models.vault.writers import WrittenByStrategyError
from views.frame.services import keyring, now


@bp.post("/api/v1/secrets", tags=["Secrets"])
@bp.arguments(NewSecretBody)
@writing
@bp.response(201, SecretAnswer, headers={"Location": {"schema": {"type": "string"}}})
def create_secret(new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Add a secret. Wants the right to write secrets."""
    token = _writer()
    path = normal_path(new.get("path", token.path))
    if not token.covers(token.environment_id, path):
        refuse(token)
    environment = db.session.get_one(Environment, token.environment_id)
    wanted = NewSecret(new["name"], new["value"].encode(), new["comment"])
    key = token.project.sealing_key(keyring())
    try:
        (made,) = add_secrets(
            db.session(), key, [wanted], environment=environment, path=path, now=now(), author=name_of(token)
        )
    except NameTakenError as taken:
        raise _taken(taken) from None
    _record(Action.SECRET_CREATE, token, made, f"{made.place} {made.name}")
    headers = {"Location": url_for("api.read_secret", secret_id=made.id), "ETag": f'"{etag_of(made)}"'}
    return _document(made), headers


@bp.patch("/api/v1/secrets/<int:secret_id>", tags=["Secrets"])
@bp.arguments(ChangeBody)
@writing
@described_as_matched
@bp.response(200, SecretAnswer)
def change(body: dict[str, Any], secret_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Change a secret's value, name or comment. Wants the right to write secrets."""
    token = _writer()
    secret = secret_in_reach(token, secret_id, lock=True)
    _want_match(secret)
    before = f"{secret.place} {secret.name}"
    value = body["value"].encode() if "value" in body else None
    wanted = Change(body.get("name", secret.name), body.get("comment", secret.comment), value)
    key = token.project.sealing_key(keyring())
    try:
        changed = change_secret(db.session(), key, secret, Seen.of(secret), wanted, now=now(), author=name_of(token))
    except NameTakenError as taken:
        raise _taken(taken) from None
    except WrittenByStrategyError as written:
        raise _written(written) from None
    except StaleSecretError:
        raise _STALE from None
    if changed:
        facts: dict[str, Any] = {"new_name": secret.name} if "name" in changed else {}
        facts |= {"version": secret.version} if "value" in changed else {}
        _record(Action.SECRET_CHANGE, token, secret, before, changed=changed, **facts)
    return _document(secret), {"ETag": f'"{etag_of(secret)}"'}


@bp.delete("/api/v1/secrets/<int:secret_id>", tags=["Secrets"])
@writing
@described_as_matched
@bp.response(204)
def delete_secret(secret_id: int) -> Response:
    """Delete a secret with all its versions. Wants the right to write secrets."""
    token = _writer()
    secret = secret_in_reach(token, secret_id, lock=True)
    _want_match(secret)
    _record(Action.SECRET_DELETE, token, secret, f"{secret.place} {secret.name}")
    try:
        delete(db.session(), secret, now())
    except WrittenByStrategyError as written:
        raise _written(written) from None
    return Response(status=204)


def _writer() -> ServiceToken:
    token = want_token()
    return token if token.writes_secrets else refuse(token)


def _want_match(secret: Secret) -> None:
    """Refuse to change what isn't as the program saw it, if it says what it saw."""
    if request.if_match and not request.if_match.contains(etag_of(secret)):
        raise _STALE


def _document(secret: Secret) -> dict[str, Any]:
    current = select(SecretVersion.created_at).where(
        SecretVersion.secret_id == secret.id, SecretVersion.number == secret.version
    )
    return {
        "id": secret.id, "name": secret.name, "path": secret.path, "comment": secret.comment,
        "version": secret.version, "changed_at": db.session.scalar(current),
    }  # fmt: skip


def _record(action: Action, token: ServiceToken, secret: Secret, thing: str, **facts: Any) -> None:
    record(
        db.session(), at=now(), actor=name_of(token), action=action, thing=thing, project_id=token.project_id,
        secret_id=secret.id, address=request.remote_addr or "", **facts,
    )  # fmt: skip


def _taken(error: NameTakenError) -> Problem:
    return Problem(409, "name-taken", "Name taken", f"There is a {error.names[0]} at {error.place} already.")


def _written(error: WrittenByStrategyError) -> Problem:
    return Problem(
        409, "written-by-strategy", "Written by a strategy",
        f"The rotation strategy {error.writer.id} of {error.writer.user_name} writes this secret, and nobody else.",
    )  # fmt: skip


_STALE = Problem(412, "changed-meanwhile", "Changed meanwhile", "It was changed since it was read. Read it again.")
