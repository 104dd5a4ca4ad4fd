"""GitLab's CI/CD variables, as https://docs.gitlab.com/api/project_level_variables/ describes them.

Where the page is silent it does what GitLab's source does (lib/api/ci/variables.rb, lib/api/group_variables.rb): a PUT
to a group that finds nothing in the scope takes the variable of another one. Unlike GitLab, it refuses unknown fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from practice.stores.server import Asked, StandIn, Told

_FIELDS: dict[str, type] = {
    "key": str,
    "value": str,
    "protected": bool,
    "masked": bool,
    "raw": bool,
    "variable_type": str,
    "environment_scope": str,
    "description": str,
}


@dataclass
class Variable:
    """One variable."""

    key: str
    value: str
    environment_scope: str = "*"
    protected: bool = False
    masked: bool = False
    raw: bool = False
    variable_type: str = "env_var"
    description: str | None = None
    hidden: bool = False

    def shown(self) -> dict[str, Any]:
        """As the API shows it: the value of a hidden one isn't told."""
        return {**asdict(self), "value": None if self.hidden else self.value}


@dataclass
class Place:
    """A project or a group."""

    is_group: bool = False
    has_scopes: bool = True
    """Groups have environment scopes by plan."""
    knows_filter: bool = True
    """Groups of old versions don't."""
    most: int = 8000
    variables: list[Variable] = field(default_factory=list)

    def find(self, key: str, asked: Asked) -> list[Variable]:
        """Those of this key, and of the scope that is asked for."""
        scope = asked.query.get("filter[environment_scope]")
        knows = scope and self.knows_filter
        return [one for one in self.variables if one.key == key and (not knows or one.environment_scope == scope)]


@dataclass(frozen=True)
class Token:
    """What a token may do, by its scopes and its role: `developer`, `maintainer` or `owner`."""

    scopes: tuple[str, ...] = ("api",)
    role: str = "owner"


class GitLab(StandIn):
    """GitLab with the project `acme/shop` and the group `acme`."""

    def __init__(self, tokens: Mapping[str, Token], port: int = 0) -> None:
        super().__init__(port)
        self.tokens = dict(tokens)
        self.places = {("projects", "acme/shop"): Place(), ("groups", "acme"): Place(is_group=True)}

    def answer(self, asked: Asked) -> Told:
        """What GitLab says."""
        token = self.tokens.get(asked.headers.get("private-token", ""))
        if token is None:
            return Told(401, {"message": "401 Unauthorized"})
        match asked.path:
            case ("api", "v4", "personal_access_tokens", "self") if asked.method == "GET":
                return Told(200, {"id": 4, "name": "keyturn", "revoked": False, "scopes": list(token.scopes)})
            case ("api", "v4", "projects" | "groups" as kind, path, "variables", *rest):
                return self._allowed(asked, token, kind, path) or _do(asked, self.places[kind, path], tuple(rest))
        return Told(404, {"error": "404 Not Found"})

    def _allowed(self, asked: Asked, token: Token, kind: str, path: str) -> Told | None:
        enough = {"api", "read_api"} if asked.method == "GET" else {"api"}
        if not enough & set(token.scopes):
            said = "The request requires higher privileges than provided by the access token."
            return Told(403, {"error": "insufficient_scope", "error_description": said, "scope": "api"})
        place = self.places.get((kind, path))
        if place is None:
            return Told(404, {"message": f"404 {kind[:-1].title()} Not Found"})
        may = {"owner"} if place.is_group else {"owner", "maintainer"}
        return None if token.role in may else Told(403, {"message": "403 Forbidden"})


def _do(asked: Asked, place: Place, rest: tuple[str, ...]) -> Told:
    if asked.method == "POST" and not rest:
        return _change(asked, place, None)
    if len(rest) != 1:
        return Told(404, {"error": "404 Not Found"})
    found = place.find(rest[0], asked)
    if len(found) > 1:
        said = "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"
        return Told(409, {"message": f"409 Conflict: {said}"})
    if asked.method == "PUT" and not found and place.is_group:
        found = [one for one in place.variables if one.key == rest[0]][:1]
    if not found:
        return Told(404, {"message": "404 GroupVariable Not Found" if place.is_group else "404 Variable Not Found"})
    if asked.method == "PUT":
        return _change(asked, place, found[0])
    if asked.method == "DELETE":
        place.variables.remove(found[0])
    return Told(204) if asked.method == "DELETE" else Told(200, found[0].shown())


def _change(asked: Asked, place: Place, there: Variable | None) -> Told:
    """Make a variable, or change the one that is there."""
    try:
        body = asked.json()
    except ValueError:
        return Told(400, {"error": "The request body is invalid"})
    error = _fields_error(body, ("value",) if there else ("key", "value"))
    if error:
        return Told(400, {"error": error})
    if place.is_group and not place.has_scopes:
        body.pop("environment_scope", None)
    wanted = Variable(**{**({} if there is None else asdict(there)), **body})
    problem = _problem(wanted, place, there)
    if problem:
        return Told(400, {"message": problem})
    if there is None:
        place.variables.append(wanted)
    else:
        place.variables[place.variables.index(there)] = wanted
    return Told(201 if there is None else 200, wanted.shown())


def _fields_error(body: Any, needed: tuple[str, ...]) -> str | None:
    if not isinstance(body, dict):
        return "The request body is invalid"
    missing = [f"{name} is missing" for name in needed if name not in body]
    unknown = [f"{name} does not exist" for name in body if name not in _FIELDS]
    wrong = [f"{name} is invalid" for name in body if name in _FIELDS and not isinstance(body[name], _FIELDS[name])]
    return ", ".join([*missing, *unknown, *wrong]) or None


def _problem(wanted: Variable, place: Place, there: Variable | None) -> dict[str, list[str]] | None:
    masked = r"\S{8,}" if wanted.raw else r"[a-zA-Z0-9_+=/@:.~-]{8,}"
    others = [one for one in place.variables if one is not there]
    if not re.fullmatch(r"[a-zA-Z0-9_]{1,255}", wanted.key):
        return {"key": ["can contain only letters, digits and '_'."]}
    if (wanted.key, wanted.environment_scope) in {(one.key, one.environment_scope) for one in others}:
        return {"key": [f"({wanted.key}) has already been taken"]}
    if len(wanted.value.encode()) > 10_000:  # noqa: PLR2004 - what the documentation says
        return {"encrypted_value": ["is too long (maximum is 13579 characters)"]}
    if wanted.masked and not re.fullmatch(masked, wanted.value):
        return {"value": ["is invalid"]}
    if len(others) >= place.most:
        kind = "group" if place.is_group else "project"
        return {"base": [f"Maximum number of {kind} ci variables ({place.most}) exceeded"]}
    return None
