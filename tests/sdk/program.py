"""A program with an AWS SDK, and the ways in which it gets its credentials."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
BIN = ROOT / ".sdk" / "bin"
_BY_AWS = re.compile(
    "InvalidClientTokenId|InvalidAccessKeyId|INVALID_ACCESS_KEY_ID|INVALID_CLIENT_TOKEN_ID|SignatureDoesNotMatch"
    "|SIGNATURE_DOES_NOT_MATCH|ExpiredToken|EXPIRED_TOKEN|UnrecognizedClient|InvalidToken|AuthFailure"
)
# An answer all the same: the target has no permission, so AWS knew the key.
_NOT_PERMITTED = re.compile("AccessDenied|ACCESS_DENIED|access denied", re.IGNORECASE)


class Program:
    """Calls AWS until it is stopped, from its file in programs/."""

    def __init__(self, name: str, folder: Path, pace_ms: int, env: dict[str, str]) -> None:
        home = folder / "home"
        home.mkdir(exist_ok=True)
        self.output = folder / "calls"
        base = {
            "PATH": os.environ["PATH"], "HOME": str(home), "PACE_MS": str(pace_ms), "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_SDK_LOAD_CONFIG": "1", "AWS_MAX_ATTEMPTS": "1",
            "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1",
        }  # fmt: skip
        with self.output.open("w") as output, (folder / "stderr").open("w") as errors:
            self._process = subprocess.Popen(_command(name), env=base | env, cwd=FOLDER, stdout=output, stderr=errors)

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def calls(self) -> list[tuple[float, str]]:
        """When each call ended, and its error, empty where AWS knew the key."""
        lines: list[Any] = [json.loads(line) for line in self.output.read_text().splitlines() if line.endswith("]")]
        return [(at, "" if _NOT_PERMITTED.search(text) else text) for at, text in lines]

    def accepted(self) -> int:
        """How many calls AWS answered as a key's that it knows."""
        return sum(not text for _, text in self.calls())

    def refused(self) -> list[str]:
        """What AWS refused."""
        return [text for _, text in self.calls() if _BY_AWS.search(text)]

    def failed(self, away: list[tuple[float, float]]) -> list[str]:
        """What went wrong otherwise, while the server wasn't away."""
        return [
            text
            for at, text in self.calls()
            if text and not _BY_AWS.search(text) and not any(begun <= at <= ended for begun, ended in away)
        ]


def _command(name: str) -> list[str]:
    file = FOLDER / "programs" / name
    if file.suffix == ".go":
        return [str(BIN / "aws-go")]
    run = ["node", "--no-warnings"] if file.suffix == ".mjs" else [str(BIN / "python"), "-W", "ignore"]
    return [*run, str(file)]


def by_endpoint(url: str, token: str, folder: Path) -> dict[str, str]:
    """The environment of a program that asks an endpoint; the token in a file or not, as the SDK knows it."""
    path = folder / "token"
    path.write_text(token)
    return {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(path),
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
    }  # fmt: skip


def by_process(command: str, folder: Path) -> dict[str, str]:
    """The environment of a program whose SDK runs a command."""
    path = folder / "config"
    path.write_text(f"[default]\ncredential_process = {command}\n")
    return {"AWS_CONFIG_FILE": str(path)}
