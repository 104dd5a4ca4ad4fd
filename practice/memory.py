"""The account's state in a file: practice AWS that dies and starts again knows the keys that it gave out."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

# What changes no user, key or policy.
_READS = ("Get", "List", "Simulate", "Generate")


def changes(action: str) -> bool:
    """Whether an action of that name, as in `iam:CreateUser`, may change what is kept."""
    service, _, name = action.partition(":")
    return service == "iam" and not name.startswith(_READS)


def recall(path: Path) -> None:
    """Let moto's IAM and sessions be what was kept in the file, if there is one."""
    if path.exists():
        iam, sts = pickle.loads(path.read_bytes())  # noqa: S301 - our own, private file
        iam_backends[DEFAULT_ACCOUNT_ID].update(iam)
        sts_backends[DEFAULT_ACCOUNT_ID].update(sts)


def keep(path: Path) -> None:
    """Write moto's IAM and sessions to the file, mode 0600, in one step."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        pickle.dump((dict(iam_backends[DEFAULT_ACCOUNT_ID]), dict(sts_backends[DEFAULT_ACCOUNT_ID])), file)
    unfinished.replace(path)
