"""A receiver of one's own: one HTTP request with a JSON body, all values in it.

The body is a template, read as JSON first and filled in then, so that no value can break out of its string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from rotation.asking import UnansweredError, reach
from rotation.copies.answers import Talk
from rotation.copies.fields import url_problem
from rotation.copies.store import Kind, Means, Setting, StoreError, Why

ALL: Final = "${*}"
_PLACEHOLDER = re.compile(r"\$(\$?)\{([^{}]*)\}")
_WELL = range(200, 300)
_BODY_LENGTH, _DEPTH = 10_000, 50
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS: Final = {
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Those that are the connection's own business."""
_SPELLED: Final = {"accept": "Accept", "user-agent": "User-Agent"}


class HttpRequest:
    """One address that takes a request."""

    writes_whole = True

    def __init__(self, means: Means) -> None:
        self._settings, self._credential, self._way = means.settings, means.credential, means.way
        headers = dict(_headers(means.credential))
        kinds = [name for name in headers if name.lower() == "content-type"]
        self._content_type = [headers.pop(name) for name in kinds][-1] if kinds else "application/json"
        self._talk = Talk("", headers, means.way, [])
        # A token often follows the word Bearer.
        self._talk.hide([means.credential, *(word for value in headers.values() for word in (value, *value.split()))])

    def check(self) -> str:
        """Connect, and send nothing: what a request does there, only its receiver knows."""
        try:
            reach(self._settings["url"], self._way)
        except UnansweredError as error:
            raise StoreError(Why.UNREACHABLE, str(error)) from None
        return (
            f"{_place(self._settings)} can be reached. Nothing was sent, so the first copy shows whether it takes one."
        )

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:  # noqa: ARG002 - it can't tell
        """All values in one request."""
        problem = headers_problem(self._credential) or body_problem(self._settings["body"])
        template = json.loads(self._settings["body"]) if problem is None else None
        unknown = sorted(_named(template) - values.keys())
        if unknown:
            problem = f"The body asks for {unknown[0]}, which this copy doesn't hold"
        if problem is not None:
            raise StoreError(Why.BAD_VALUE, problem)
        self._talk.hide(values.values())
        method, url = self._settings["method"], self._settings["url"]
        self._talk.ask(method, url, _filled(template, values), well=_WELL, content_type=self._content_type)

    def delete(self, names: Collection[str]) -> None:  # noqa: ARG002 - nor can it delete
        """What the receiver does with a value is its own business."""
        raise StoreError(Why.FAILED, "Nothing can be deleted by this request")


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip():
            yield _SPELLED.get(name.strip().lower(), name.strip()), value.strip()


def headers_problem(text: str) -> str | None:
    """Why these can't be the headers, without quoting them."""
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not _HEADER_NAME.fullmatch(name.strip()) or not value.strip():
            return f"Line {number} isn't a header: write Name: value, one on each line."
        if not value.isascii() or not value.strip().isprintable():
            return f"The value in line {number} has letters that a header can't hold: ASCII only."
        if name.strip().lower() in _OWN_HEADERS:
            return f"Keyturn sets the header in line {number} itself. Leave it out."
    return None


def _texts(template: Any, depth: int = _DEPTH) -> Iterator[str]:
    """Every text that is a value, and no name, in the template. Raises RecursionError where it nests too deeply."""
    if not depth:
        raise RecursionError
    if isinstance(template, str):
        yield template
    elif isinstance(template, list | dict):
        for part in template.values() if isinstance(template, dict) else template:
            yield from _texts(part, depth - 1)


def _named(template: Any) -> set[str]:
    """The names that the template asks for one by one."""
    found = (match for text in _texts(template) if text != ALL for match in _PLACEHOLDER.finditer(text))
    return {match[2] for match in found if not match[1]}


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    if isinstance(template, dict):
        return {name: _filled(part, values) for name, part in template.items()}
    if isinstance(template, list):
        return [_filled(part, values) for part in template]
    if not isinstance(template, str):
        return template
    if template == ALL:
        return dict(values)
    return _PLACEHOLDER.sub(lambda match: match[0][1:] if match[1] else values[match[2]], template)


def _json_problem(text: str) -> str | None:
    if len(text) > _BODY_LENGTH:
        return f"The body has {_BODY_LENGTH} letters at most."
    try:
        list(_texts(json.loads(text, parse_constant=_no_constant)))
    except RecursionError:
        return "The body nests too deeply."
    except json.JSONDecodeError as error:
        return f"This isn't JSON: line {error.lineno}, column {error.colno}."
    except ValueError:
        return "JSON has neither NaN nor Infinity."
    return None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def body_problem(text: str) -> str | None:
    """Why this can't be the body, whatever the names are."""
    problem = _json_problem(text)
    if problem is not None:
        return problem
    texts = list(_texts(json.loads(text)))
    if any(text != ALL and "*" in _named(text) for text in texts):
        return f'"{ALL}" has to stand alone in its string: it becomes an object.'
    if not any(text == ALL or _named(text) for text in texts):
        return f'The body holds no value: write "{ALL}" for all of them, or "${{NAME}}" for one.'
    return None


def _names_problem(settings: Mapping[str, str], names: Collection[str]) -> tuple[str, str] | None:
    template = json.loads(settings["body"])
    named = _named(template)
    unknown, unused = sorted(named - set(names)), sorted(set(names) - named)
    if unknown:
        return "body", f"The body asks for ${{{unknown[0]}}}, which isn't one of the names: {', '.join(sorted(names))}."
    if unused and ALL not in _texts(template):
        return "body", f"The body doesn't hold ${{{unused[0]}}}, so that value would never be sent."
    return None


def name_problem(name: str) -> str | None:
    """Why a value can't have this name in the body."""
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,200}", name):
        return None
    return "A name has letters, digits, _, . and -, 200 at most."


def _place(settings: Mapping[str, str]) -> str:
    """Without the query, in which some receivers want a token."""
    parts = urlsplit(settings["url"])
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


KIND = Kind(
    id="http",
    title="HTTP request",
    about="Any receiver of JSON. Keyturn sends all values in one request, and again where no good answer came.",
    settings=(
        Setting("url", "Address", leads=True, problem=url_problem),
        Setting("method", "Method", default="POST", choices=(("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"))),
        Setting(
            "body",
            "Body",
            'JSON. "${NAME}" becomes that value, "${*}" an object of all names and values; $${NAME} stays ${NAME}.',
            default='{"values": "${*}"}',
            is_long=True,
            problem=body_problem,
        ),
    ),
    make=HttpRequest,
    credential_label="Headers",
    credential_hint="Such as Authorization: Bearer ..., one on each line. Kept as a secret.",
    credential_is_long=True,
    credential_is_optional=True,
    credential_problem=headers_problem,
    place=_place,
    name_problem=name_problem,
    names_problem=_names_problem,
    can_delete=False,
)
