"""Files that hold secrets: rendered whole, swapped when something in them has changed."""

from __future__ import annotations

from typing import Any

from keyturn import secrets
from keyturn.agent.settings import Rendered
from keyturn.formats import FORMATS
from keyturn.problems import Problem
from keyturn.writing import swap


def render(file: Rendered, answer: Any) -> bool:
    """Bring the file up to date with the server's answer; True when that changed it.

    Raises Problem where a name isn't there, and OSError.
    """
    chosen = [
        secret
        for secret in answer["secrets"]
        if (file.at is None or secret["path"] == file.at) and (not file.names or secret["name"] in file.names)
    ]
    values = secrets.by_name({"secrets": chosen})
    if missing := sorted(set(file.names) - set(values)):
        raise Problem(f"{file.path}: the token reaches no {missing[0]}. The file is left as it is.")
    content = FORMATS[file.form](values).encode()
    try:
        if file.path.read_bytes() == content:
            return False
    except FileNotFoundError:
        pass
    swap(file.path, content, mode=file.mode)
    return True
