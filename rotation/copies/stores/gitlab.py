"""CI/CD variables of a GitLab project or group, at gitlab.com or a host of one's own.

By the REST API (https://docs.gitlab.com/api/project_level_variables/ and .../group_level_variables/). A variable is one
of a key and an environment scope: the same key in another scope is another variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from rotation.asking import Answer
from rotation.copies.answers import Talk, decoded, words
from rotation.copies.fields import address_problem, header_problem, pattern
from rotation.copies.store import Kind, Means, Setting, StoreError, Why

EVERYWHERE: Final = "*"
KEY_LENGTH = 255
VALUE_LENGTH = 10_000
_FOUND = (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
_UNLIKELY: Final = "KEYTURN_LOOKS_WHETHER_IT_MAY"
"""Asked for by `check`: a list would hand over the values of others."""
_NO_VARIABLE = re.compile(r"404 (Group ?)?Variable Not Found")
_FULL = re.compile(r"Maximum number of .* exceeded")
_RAW_MASKED = re.compile(r"\S{8,}")
_EXPANDED_MASKED = re.compile(r"[a-zA-Z0-9_+=/@:.~-]{8,}")
"""https://docs.gitlab.com/ci/variables/#mask-a-cicd-variable"""


class GitLab:
    """The variables of one project or group, in one environment scope."""

    writes_whole = False

    def __init__(self, means: Means) -> None:
        self._settings = settings = means.settings
        self._scope = settings["environment_scope"] or EVERYWHERE
        kind = "groups" if settings["owner"] == "group" else "projects"
        self._root = f"/api/v4/{kind}/{quote(settings['path'], safe='')}/variables"
        base_url = settings["base_url"].rstrip("/")
        headers = {"PRIVATE-TOKEN": means.credential}
        self._talk = Talk(base_url, headers, means.way, [means.credential], _why)

    def check(self) -> str:
        """Ask for a variable that nobody has: only who may write variables may read one."""
        answer = self._talk.ask("GET", self._at(_UNLIKELY), well=_FOUND)
        if answer.status == HTTPStatus.NOT_FOUND and not _NO_VARIABLE.search(words(answer)):
            raise self._talk.error(answer)
        self._check_scopes()
        return f"GitLab takes the token, and its role may write the variables of {_place(self._settings)}."

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:
        """One after another: GitLab has no way to write several at once."""
        for name, value in values.items():
            self._check(name, value)
        self._talk.hide(values.values())
        for name, value in values.items():
            wanted = {"value": value, **{switch: bool(self._settings[switch]) for switch in _SWITCHES}}
            there = self._find(name)
            if there is None:
                self._make(name, wanted, made)
            elif any(there.get(field) != content for field, content in wanted.items()):
                self._talk.ask("PUT", self._at(name), wanted)

    def delete(self, names: Collection[str]) -> None:
        """Looks for each first: a GitLab that doesn't know of scopes here would delete that of another scope."""
        for name in names:
            if self._find(name) is not None:
                self._talk.ask("DELETE", self._at(name), well=(HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND))

    def _at(self, name: str, scope: str = "") -> str:
        query = urlencode({"filter[environment_scope]": scope or self._scope})
        return f"{self._root}/{quote(name, safe='')}?{query}"

    def _find(self, name: str) -> dict[str, Any] | None:
        """The variable of this key and exactly this scope; None where there is none.

        Asked before each PUT: that of a group updates a variable of another scope where this one has none.
        """
        answer = self._talk.ask("GET", self._at(name), well=_FOUND)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        found = decoded(answer)
        if found.get("key") != name:
            raise StoreError(Why.FAILED, "The answer has no key")
        # Hidden ones come without their value, groups of old versions and plans without filter or scope.
        return found if found.get("environment_scope", EVERYWHERE) == self._scope else None

    def _make(self, name: str, wanted: Mapping[str, Any], made: Callable[[str], None]) -> None:
        body = {"key": name, "environment_scope": self._scope, **wanted}
        answer = self._talk.ask("POST", self._root, body, well=(HTTPStatus.CREATED,))
        made(name)
        scope = decoded(answer).get("environment_scope", EVERYWHERE)
        if scope != self._scope:
            # Groups have scopes by plan; without one the value would now be read in every environment.
            self._talk.ask("DELETE", self._at(name, str(scope)), well=(HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND))
            raise StoreError(Why.BAD_VALUE, f"This GitLab has no environment scopes here, so {name} was taken back")

    def _check_scopes(self) -> None:
        """Which scopes the token has. Where GitLab doesn't tell, the first write will."""
        try:
            answer = self._talk.ask("GET", "/api/v4/personal_access_tokens/self")
        except StoreError as error:
            if error.why in {Why.UNREACHABLE, Why.THROTTLED, Why.FAILED}:
                raise
            return
        scopes = decoded(answer).get("scopes")
        if isinstance(scopes, list) and "api" not in scopes and "read_api" in scopes:
            raise StoreError(Why.FORBIDDEN, "The token lacks the scope api; with read_api it can only read")

    def _check(self, name: str, value: str) -> None:
        problem = name_problem(name)
        if problem is None and len(value) > VALUE_LENGTH:
            problem = f"GitLab takes {VALUE_LENGTH} letters of a value at most, and that of {name} is longer"
        masked = _RAW_MASKED if self._settings["raw"] else _EXPANDED_MASKED
        if problem is None and self._settings["masked"] and not masked.fullmatch(value):
            needs = "8 letters or more and no spaces or line breaks"
            if not self._settings["raw"]:
                needs += ", and of signs only _ + = / @ : . ~ and -"
            problem = f"GitLab masks only values of {needs}, and that of {name} isn't one: switch Masked off"
        if problem is not None:
            raise StoreError(Why.BAD_VALUE, problem)


def _why(answer: Answer) -> Why | None:
    if answer.status == HTTPStatus.BAD_REQUEST and _FULL.search(words(answer)):
        return Why.FULL
    return None


def name_problem(name: str) -> str | None:
    """Why GitLab takes no variable of this name (https://docs.gitlab.com/ci/variables/)."""
    if re.fullmatch(r"[A-Za-z0-9_]+", name) and len(name) <= KEY_LENGTH:
        return None
    return f"GitLab takes letters, digits and _ in a name, {KEY_LENGTH} at most."


def _place(settings: Mapping[str, str]) -> str:
    owner = "group " if settings["owner"] == "group" else ""
    scope = settings["environment_scope"] or EVERYWHERE
    return f"{owner}{settings['path']}" + ("" if scope == EVERYWHERE else f", environment {scope}")


_SWITCHES = ("protected", "masked", "raw")

KIND = Kind(
    id="gitlab",
    title="GitLab CI/CD",
    about="Variables that pipelines read. The token needs the scope api, and the role Maintainer (of a group: Owner).",
    settings=(
        Setting(
            "base_url",
            "Address of GitLab",
            "Your own host, if you have one.",
            default="https://gitlab.com",
            leads=True,
            problem=address_problem,
        ),
        Setting("owner", "Variables of", default="project", choices=(("project", "a project"), ("group", "a group"))),
        Setting(
            "path",
            "Path or id",
            "As in the address of its page: acme/shop.",
            problem=pattern(
                r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*",
                "Give the path alone, such as acme/shop, or the id, a number.",
            ),
        ),
        Setting(
            "environment_scope",
            "Environment scope",
            "* is all environments. The same name in another scope is another variable, and isn't touched.",
            default=EVERYWHERE,
            problem=pattern(
                r"[A-Za-z0-9_/${}. *-]{1,255}", "A scope is * or an environment's name, such as production or review/*."
            ),
        ),
        Setting(
            "masked",
            "Masked",
            "Jobs blank it out of their logs. Only values of 8 letters and more, on one line, can be.",
            default="on",
            is_switch=True,
        ),
        Setting("protected", "Protected", "Only for protected branches and tags.", is_switch=True),
        Setting("raw", "As it is", "GitLab doesn't look for $VARIABLES in the value.", default="on", is_switch=True),
    ),
    make=GitLab,
    credential_label="Access token",
    credential_hint="Of the project, of the group, or a personal one.",
    credential_problem=header_problem,
    place=_place,
    name_problem=name_problem,
)
