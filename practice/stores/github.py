"""The secrets of GitHub Actions, as https://docs.github.com/en/rest/actions/secrets describes them.

Tokens are fine-grained, with GitHub's names of permissions, such as `secrets:write`; one with `scopes` is classic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nacl.encoding import Base64Encoder
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from practice.stores.server import Asked, StandIn, Told

VERSIONS = {"2022-11-28"}
_DOCS = "https://docs.github.com/rest/actions/secrets"
_PERMISSION = {"repos": "secrets", "environments": "environments", "orgs": "organization_secrets"}
_FIELDS: dict[str, type] = {
    "encrypted_value": str,
    "key_id": str,
    "visibility": str,
    "selected_repository_ids": list,
}


@dataclass
class Secret:
    """One secret, opened."""

    value: str
    visibility: str = ""
    selected: list[int] = field(default_factory=list)


@dataclass
class Place:
    """What has secrets of its own: a repository, an environment, an organisation."""

    permission: str
    secrets: dict[str, Secret] = field(default_factory=dict)
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    key_id: str = "568250167242549743"


@dataclass(frozen=True)
class Token:
    """What a token may do, such as `secrets:read`; and the scopes, if it is a classic one."""

    permissions: frozenset[str]
    scopes: str | None = None


class GitHub(StandIn):
    """GitHub with the repository `acme/shop`, its environment `production/eu`, and the organisation `acme`."""

    def __init__(self, tokens: Mapping[str, Token], port: int = 0) -> None:
        super().__init__(port)
        self.tokens = dict(tokens)
        self.places = {
            "repos/acme/shop": Place("secrets"),
            "repos/acme/shop/environments/production/eu": Place("environments"),
            "orgs/acme": Place("organization_secrets"),
        }

    def answer(self, asked: Asked) -> Told:
        """What GitHub says."""
        if "user-agent" not in asked.headers:
            return _error(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent"
            )
        if asked.headers.get("x-github-api-version", "2022-11-28") not in VERSIONS:
            return _error(400, "The API version given in the X-GitHub-Api-Version header isn't supported.")
        token = self.tokens.get(asked.bearer)
        if token is None:
            return _error(401, "Bad credentials")
        place, rest = self._find(asked.path)
        if place is None or not rest:
            return _error(404, "Not Found")
        told = self._allowed(asked, place, token) or self._do(asked, place, rest)
        scopes = {} if token.scopes is None else {"X-OAuth-Scopes": token.scopes}
        return Told(told.status, told.body, {**scopes, **told.headers})

    def _find(self, path: tuple[str, ...]) -> tuple[Place | None, tuple[str, ...]]:
        """The place, and what follows `secrets/`."""
        match path:
            case ("repos", owner, repository, "actions", "secrets", *rest):
                return self.places.get(f"repos/{owner}/{repository}"), tuple(rest)
            case ("repos", owner, repository, "environments", name, "secrets", *rest):
                return self.places.get(f"repos/{owner}/{repository}/environments/{name}"), tuple(rest)
            case ("orgs", owner, "actions", "secrets", *rest):
                return self.places.get(f"orgs/{owner}"), tuple(rest)
        return None, ()

    def _allowed(self, asked: Asked, place: Place, token: Token) -> Told | None:
        rights = {f"{place.permission}:write"} | ({f"{place.permission}:read"} if asked.method == "GET" else set())
        if rights & token.permissions:
            return None
        return _error(403, "Resource not accessible by personal access token")

    def _do(self, asked: Asked, place: Place, rest: tuple[str, ...]) -> Told:
        match asked.method, rest:
            case "GET", ("public-key",):
                key = place.key.public_key.encode(Base64Encoder).decode()
                return Told(200, {"key_id": place.key_id, "key": key})
            case "GET", (name,) if name.upper() in place.secrets:
                return Told(200, _shown(name, place.secrets[name.upper()]))
            case "GET", (name, "repositories") if name.upper() in place.secrets:
                return _repositories(place.secrets[name.upper()], asked)
            case "PUT", (name,):
                return _put(place, name, asked)
            case "DELETE", (name,) if place.secrets.pop(name.upper(), None):
                return Told(204)
        return _error(404, "Not Found")


def _put(place: Place, name: str, asked: Asked) -> Told:
    try:
        body = asked.json()
    except ValueError:
        return _error(400, "Problems parsing JSON")
    if not isinstance(body, dict):
        return _error(422, "Invalid request.\n\nThe body isn't an object.")
    problem = _body_problem(body, place) or _name_problem(name)
    if problem:
        return _error(422, problem)
    try:
        value = SealedBox(place.key).decrypt(body["encrypted_value"], Base64Encoder).decode()
    except (CryptoError, ValueError, TypeError):
        return _error(422, "Validation Failed: the value can't be decrypted with the key of this place")
    before = place.secrets.get(name.upper())
    selected = body.get("selected_repository_ids", [])
    place.secrets[name.upper()] = Secret(value, body.get("visibility", ""), selected)
    return Told(201, {}) if before is None else Told(204)


def _body_problem(body: dict[str, Any], place: Place) -> str | None:
    is_organization = place.permission == _PERMISSION["orgs"]
    needed = ["encrypted_value", "key_id", *(["visibility"] if is_organization else [])]
    permitted = set(_FIELDS) if is_organization else {"encrypted_value", "key_id"}
    for name, value in body.items():
        if name not in permitted:
            return f'Invalid request.\n\n"{name}" is not a permitted key.'
        if not isinstance(value, _FIELDS[name]):
            return f"Invalid request.\n\nFor 'properties/{name}', {value} is not a {_FIELDS[name].__name__}."
    missing = [name for name in needed if name not in body]
    if missing:
        return "Invalid request.\n\n" + " ".join(f'"{name}" wasn\'t supplied.' for name in missing)
    visibility = body.get("visibility", "all")
    if visibility not in {"all", "private", "selected"}:
        return "Invalid request.\n\nFor 'properties/visibility', it is not a member of all, private, selected."
    if "selected_repository_ids" in body and visibility != "selected":
        return "Repository IDs can only be given when the visibility is selected"
    return None if body["key_id"] == place.key_id else "The key_id isn't that of the public key of this place"


def _name_problem(name: str) -> str | None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return "Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_)."
    return "Secret names must not start with GITHUB_." if name.upper().startswith("GITHUB_") else None


def _shown(name: str, secret: Secret) -> dict[str, str]:
    moments = {"created_at": "2026-01-10T10:59:22Z", "updated_at": "2026-01-11T11:59:22Z"}
    return {"name": name.upper(), **moments, **({"visibility": secret.visibility} if secret.visibility else {})}


def _repositories(secret: Secret, asked: Asked) -> Told:
    size, page = int(asked.query.get("per_page", 30)), int(asked.query.get("page", 1))
    if secret.visibility != "selected":
        return _error(409, "Visibility type not set to 'selected'")
    found = secret.selected[size * (page - 1) : size * page]
    return Told(200, {"total_count": len(secret.selected), "repositories": [{"id": one} for one in found]})


def _error(status: int, message: str) -> Told:
    return Told(status, {"message": message, "documentation_url": _DOCS, "status": str(status)})
