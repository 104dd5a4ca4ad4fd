"""The AWS CLI, a process a call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from told import call_on


def _call() -> None:
    command = [sys.executable, str(Path(sys.executable).with_name("aws")), "sts", "get-caller-identity"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


call_on(_call)
