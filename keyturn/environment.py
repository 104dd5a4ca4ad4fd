"""The environment of a program that Keyturn starts."""

from __future__ import annotations

import os
from collections.abc import Mapping

_OWN = {"KEYTURN_TOKEN", "KEYTURN_TOKEN_FILE", "KEYTURN_URL"}


def with_secrets(values: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with the secrets, and without the token that reads them."""
    return {**{name: value for name, value in os.environ.items() if name not in _OWN}, **values}
