"""Secrets of GitHub Actions: of a repository, one of its environments, or an organisation.

By the REST API (https://docs.github.com/en/rest/actions/secrets). GitHub takes values only in a sealed box, for the
public key of the place, and never shows them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from nacl.encoding import Base64Encoder
from nacl.exceptions import CryptoError
from nacl.public import PublicKey, SealedBox

from rotation.asking import Answer
from rotation.copies.answers import Talk, decoded, text_of, words
from rotation.copies.fields import address_problem, header_problem, pattern
from rotation.copies.store import Kind, Means, Setting, StoreError, Why

API_VERSION: Final = "2022-11-28"
VALUE_BYTES = 48 * 1024
"""https://docs.github.com/en/actions/reference/security/secrets"""
_PAGE = 100
_REPOSITORY, _ENVIRONMENT, _ORGANIZATION = "repository", "environment", "organization"
_LIMITED = re.compile(r"rate limit|abuse detection", re.IGNORECASE)
_FULL = re.compile(r"\blimit|maximum|too many", re.IGNORECASE)
_PLAIN = r"[A-Za-z0-9_.-]"
_NAME = rf"(?!\.{{1,2}}$){_PLAIN}{{1,100}}"
_READ_BYTES = 2_000_000
"""A page of repositories, each of which GitHub describes at length."""


class GitHub:
    """The secrets of one place at GitHub."""

    writes_whole = False

    def __init__(self, means: Means) -> None:
        self._settings = means.settings
        self._root = _root(means.settings)
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {means.credential}",
            "X-GitHub-Api-Version": API_VERSION,
        }
        base_url = means.settings["base_url"].rstrip("/")
        self._talk = Talk(base_url, headers, means.way, [means.credential], _why, _READ_BYTES)

    def check(self) -> str:
        """Read the place's public key; of a classic token, its scopes as well."""
        answer = self._talk.ask("GET", f"{self._root}/public-key")
        text_of(decoded(answer), "key")
        self._check_scopes(answer.headers.get("x-oauth-scopes"))
        place = _place(self._settings)
        return f"GitHub takes the token and shows the key of {place}. Whether it may write shows at the first copy."

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:
        """One after another: GitHub has no way to write several at once."""
        for name, value in values.items():
            _check(name, value)
        self._talk.hide(values.values())
        found = decoded(self._talk.ask("GET", f"{self._root}/public-key"))
        key, key_id = text_of(found, "key"), text_of(found, "key_id")
        for name, value in values.items():
            body = {"encrypted_value": _sealed(value, key), "key_id": key_id, **self._visibility(name)}
            well = (HTTPStatus.CREATED, HTTPStatus.NO_CONTENT)
            if self._talk.ask("PUT", self._at(name), body, well=well).status == HTTPStatus.CREATED:
                made(name)

    def delete(self, names: Collection[str]) -> None:
        """GitHub says 404 of a secret that is gone, and of a repository that is."""
        for name in names:
            self._talk.ask("DELETE", self._at(name), well=(HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND))

    def _at(self, name: str) -> str:
        return f"{self._root}/{quote(name, safe='')}"

    def _check_scopes(self, told: str | None) -> None:
        """Fine-grained tokens and those of apps have no scopes, and GitHub tells of none."""
        needed = "admin:org" if self._settings["scope"] == _ORGANIZATION else "repo"
        if told is not None and needed not in {scope.strip() for scope in told.split(",")}:
            raise StoreError(Why.FORBIDDEN, f"The token lacks the scope {needed}")

    def _visibility(self, name: str) -> dict[str, Any]:
        """Which repositories may read an organisation's secret: as it is there already, or as the settings say.

        GitHub wants it with each write. Who has narrowed it there wouldn't expect a copy to widen it again.
        """
        if self._settings["scope"] != _ORGANIZATION:
            return {}
        answer = self._talk.ask("GET", self._at(name), well=(HTTPStatus.OK, HTTPStatus.NOT_FOUND))
        if answer.status == HTTPStatus.NOT_FOUND:
            return {"visibility": self._settings["visibility"]}
        visibility = text_of(decoded(answer), "visibility")
        if visibility != "selected":
            return {"visibility": visibility}
        return {"visibility": visibility, "selected_repository_ids": self._selected(name)}

    def _selected(self, name: str) -> list[int]:
        ids: list[int] = []
        while True:
            page = len(ids) // _PAGE + 1
            path = f"{self._at(name)}/repositories?per_page={_PAGE}&page={page}"
            found = decoded(self._talk.ask("GET", path)).get("repositories")
            try:
                more = [int(repository["id"]) for repository in found or ()]
            except (TypeError, KeyError, ValueError):
                raise StoreError(Why.FAILED, "The answer has no repositories") from None
            ids += more
            if len(more) < _PAGE:
                return ids


def _root(settings: Mapping[str, str]) -> str:
    owner = quote(settings["owner"], safe="")
    if settings["scope"] == _ORGANIZATION:
        return f"/orgs/{owner}/actions/secrets"
    repository = f"/repos/{owner}/{quote(settings['repository'], safe='')}"
    if settings["scope"] == _ENVIRONMENT:
        return f"{repository}/environments/{quote(settings['environment'], safe='')}/secrets"
    return f"{repository}/actions/secrets"


def _sealed(value: str, key: str) -> str:
    try:
        return SealedBox(PublicKey(key.encode(), Base64Encoder)).encrypt(value.encode(), Base64Encoder).decode()
    except (CryptoError, ValueError, TypeError):
        raise StoreError(Why.FAILED, "The public key of the place isn't one") from None


def _why(answer: Answer) -> Why | None:
    """GitHub limits with 403, too (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api)."""
    if answer.status == HTTPStatus.FORBIDDEN:
        limited = "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"
        return Why.THROTTLED if limited or _LIMITED.search(words(answer)) else None
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and _FULL.search(words(answer)):
        return Why.FULL
    # A version of the API that this server doesn't know, for instance.
    return Why.FAILED if answer.status == HTTPStatus.BAD_REQUEST else None


def _check(name: str, value: str) -> None:
    problem = name_problem(name)
    if problem is None and len(value.encode()) > VALUE_BYTES:
        problem = f"GitHub takes {VALUE_BYTES // 1024} KB of a value at most, and that of {name} is longer"
    if problem is not None:
        raise StoreError(Why.BAD_VALUE, problem)


def name_problem(name: str) -> str | None:
    """Why GitHub takes no secret of this name (https://docs.github.com/en/actions/reference/security/secrets)."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return "GitHub takes letters, digits and _ in a name, and no digit at its beginning."
    return "GitHub keeps names that begin with GITHUB_ for itself." if name.upper().startswith("GITHUB_") else None


def _problem(settings: Mapping[str, str]) -> tuple[str, str] | None:
    scope = settings["scope"]
    if scope != _ORGANIZATION and not settings["repository"]:
        return "repository", "Say in which repository."
    if scope == _ENVIRONMENT and not settings["environment"]:
        return "environment", "Say which environment of the repository."
    return None


def _place(settings: Mapping[str, str]) -> str:
    if settings["scope"] == _ORGANIZATION:
        return f"organisation {settings['owner']}"
    repository = f"{settings['owner']}/{settings['repository']}"
    return f"{repository}, environment {settings['environment']}" if settings["scope"] == _ENVIRONMENT else repository


KIND = Kind(
    id="github",
    title="GitHub Actions",
    about="Secrets that workflows read. The token needs Secrets: write, or Environments: write for an environment.",
    settings=(
        Setting(
            "base_url",
            "Address of the API",
            "For GitHub Enterprise Server it's https://HOST/api/v3.",
            default="https://api.github.com",
            leads=True,
            problem=address_problem,
        ),
        Setting(
            "scope",
            "Secrets of",
            default=_REPOSITORY,
            choices=(
                (_REPOSITORY, "a repository"),
                (_ENVIRONMENT, "an environment of a repository"),
                (_ORGANIZATION, "an organisation"),
            ),
        ),
        Setting(
            "owner",
            "Owner",
            "The organisation or user, as in github.com/OWNER.",
            problem=pattern(_NAME, "Give the owner's name alone, such as acme."),
        ),
        Setting(
            "repository",
            "Repository",
            "Empty for an organisation's secrets.",
            problem=pattern(f"{_NAME}|", "Give the repository's name alone, without its owner, such as shop."),
        ),
        Setting(
            "environment",
            "Environment",
            "Only for an environment's secrets. It has to be there already.",
            problem=pattern(r"(?!\.{1,2}$)[^\x00-\x1f\x7f]{0,255}", "An environment's name has 255 letters at most."),
        ),
        Setting(
            "visibility",
            "Repositories that may read them",
            "For an organisation's secrets, when Keyturn makes one. It changes nothing for those that are there.",
            default="private",
            choices=(("private", "private and internal ones"), ("all", "all")),
        ),
    ),
    make=GitHub,
    credential_label="Access token",
    credential_hint="A fine-grained personal access token, or a classic one with the scope repo (or admin:org).",
    credential_problem=header_problem,
    place=_place,
    problem=_problem,
    name_problem=name_problem,
)
