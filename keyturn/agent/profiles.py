"""Profiles in AWS's shared credentials file. Only the agent's own are touched; every other line stays as it is.

https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from keyturn.handed import Handed
from keyturn.writing import swap

_HEADER = re.compile(r"^\s*\[\s*(?P<name>[^\]]+?)\s*\]")
_OURS = re.compile(r"^\s*(aws_access_key_id|aws_secret_access_key|aws_session_token)\s*=", re.IGNORECASE)


def keep_profiles(path: Path, profiles: Mapping[str, Handed]) -> None:
    """Have the file hold these credentials by profile. Other settings within a profile stay. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        before = path.read_text()
    except FileNotFoundError:
        before = ""
    after = with_profiles(before, profiles)
    if after != before:
        swap(path, after.encode(), mode=0o600)


def with_profiles(text: str, profiles: Mapping[str, Handed]) -> str:
    """The file's text with these credentials in it."""
    lines: list[str] = []
    left, inside = dict(profiles), ""
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line)
        if header is None:
            if not (inside in profiles and _OURS.match(line)):
                lines.append(line)
            continue
        inside = header["name"]
        lines.append(line if line.endswith("\n") else f"{line}\n")
        if inside in left:
            lines.append(_lines(left.pop(inside)))
    for name, handed in left.items():
        if lines and not lines[-1].endswith("\n"):
            lines.append("\n")
        lines.append(f"{'' if not lines else chr(10)}[{name}]\n{_lines(handed)}")
    return "".join(lines)


def _lines(handed: Handed) -> str:
    values = {"aws_access_key_id": handed.access_key_id, "aws_secret_access_key": handed.secret_access_key}
    if handed.session_token:
        values["aws_session_token"] = handed.session_token
    return "".join(f"{name} = {value}\n" for name, value in values.items())
