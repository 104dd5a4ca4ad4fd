"""What is run after a change."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

_WITHIN_S = 60


def run_hook(command: Sequence[str], say: Callable[[str], None]) -> None:
    """Run the command, if there is one, and tell when it fails. It is told no value; it reads them where they are."""
    if not command:
        return
    try:
        code = subprocess.run(command, check=False, timeout=_WITHIN_S).returncode  # noqa: S603 - the user's own command
    except subprocess.TimeoutExpired:
        say(f"{command[0]} didn't end within {_WITHIN_S} seconds and was stopped.")
    except OSError as error:
        say(f"{command[0]}: {error.strerror}.")
    else:
        if code:
            say(f"{command[0]} ended with exit code {code}.")
