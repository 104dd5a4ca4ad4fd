"""Several secrets from pasted `.env` text, read by python-dotenv's own parser: no `${…}` is filled in."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from dotenv.parser import Binding, parse_stream

from forms.values import LF, browser_text, value_problem
from models.secret import name_problem
from models.vault.adding import NewSecret

LIMIT = 1000
"""Secrets at once."""


@dataclass(frozen=True)
class Line:
    """What one entry of the text means. `problem` says what is wrong with it, or is empty."""

    number: int
    name: str
    value: bytes = field(repr=False)
    problem: str = ""


def read_env_text(text: str) -> list[Line]:
    """The entries of the text in order, with what is wrong with each. Blank lines and comments are left out."""
    bindings = parse_stream(io.StringIO(browser_text(text, LF), newline=""))
    lines = [_line(binding) for binding in bindings if binding.error or binding.key is not None]
    return _without_duplicates(lines)


def refuse_names(lines: Iterable[Line], names: Iterable[str], place: str) -> list[Line]:
    """The lines, with a problem at those whose name `place` has already."""
    taken = set(names)
    return [
        replace(line, problem=f"{place} has a {line.name} already. Edit it there, or take this line out.")
        if line.name in taken and not line.problem
        else line
        for line in lines
    ]


def new_secrets(lines: Iterable[Line]) -> list[NewSecret]:
    """The secrets that lines without a problem stand for."""
    return [NewSecret(line.name, line.value) for line in lines]


def _line(binding: Binding) -> Line:
    written = binding.original.string
    # The parser counts the blank lines before an entry as its own.
    number = binding.original.line + written[: len(written) - len(written.lstrip())].count("\n")
    name, value = binding.key or "", (binding.value or "").encode()
    if binding.error:
        return Line(number, "", b"", "This isn't NAME=value. A quote that opens here may be missing at its end.")
    if binding.value is None:
        return Line(number, name, b"", "There is no = after the name. For an empty value write NAME=.")
    problem = name_problem(name)
    if problem:
        # What can't be a name may be a part of a value, so it isn't shown.
        return Line(number, "", b"", problem)
    return Line(number, name, value, value_problem(value) or "")


def _without_duplicates(lines: list[Line]) -> list[Line]:
    first: dict[str, int] = {}
    checked = []
    for line in lines:
        earlier = first.setdefault(line.name, line.number) if line.name else line.number
        if earlier != line.number and not line.problem:
            checked.append(replace(line, problem=f"{line.name} is on line {earlier} already."))
        else:
            checked.append(line)
    return checked
