"""Secrets as dotenv files, JSON, shells and Docker's --env-file write them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping

from keyturn.problems import Problem


def as_dotenv(values: Mapping[str, str]) -> str:
    """A dotenv file: values in single quotes, which libraries take as they stand.

    All but python-dotenv, which puts in variables for `${...}` even there unless it is told `interpolate=False`.
    """
    return "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def as_json(values: Mapping[str, str]) -> str:
    """One object, names to values."""
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def as_shell(values: Mapping[str, str]) -> str:
    """Lines for `eval` in sh, bash, zsh, dash."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def as_docker(values: Mapping[str, str]) -> str:
    """A file for `docker run --env-file`, which knows no quotes and no second line.

    Raises Problem for a value with one.

    https://docs.docker.com/reference/cli/docker/container/run/#env
    """
    for name, value in values.items():
        if "\n" in value or "\r" in value:
            raise Problem(f"{name} has more than one line, which Docker's --env-file can't hold. Mount it as a file.")
    return "".join(f"{name}={value}\n" for name, value in values.items())


FORMATS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "dotenv": as_dotenv,
    "json": as_json,
    "shell": as_shell,
    "docker": as_docker,
}
"""By name, what writes it."""


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
