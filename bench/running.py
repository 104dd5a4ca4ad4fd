"""Practice AWS and `keyturn up`, as processes of their own, in a folder that goes away afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy import Engine

from config import Config
from crypto import Keyring
from practice.seed import PracticeAws
from supervisor.ports import free_port
from supervisor.prepare import prepare

ROOT = Path(__file__).resolve().parent.parent
_WITHIN_S = 60


@dataclass(frozen=True)
class Instance:
    """A folder with a database that holds nothing yet, and the settings of what runs in it."""

    folder: Path
    env: dict[str, str]
    config: Config
    engine: Engine
    keyring: Keyring


@contextmanager
def instance(**settings: str) -> Iterator[Instance]:
    """A fresh instance with these settings, on a free port."""
    names = {row.metadata["env"] for row in fields(Config)}
    outer = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in names}
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as folder:
        port = str(free_port("127.0.0.1", 0))
        env = {**outer, "KEYTURN_INSTANCE": f"{folder}/instance", "PORT": port, **settings}
        config = Config.from_env(env)
        engine, keyring = prepare(config)
        yield Instance(config.instance, env, config, engine, keyring)
        engine.dispose()


@contextmanager
def practice_aws(**behaviour: object) -> Iterator[PracticeAws]:
    """Practice AWS that behaves so."""
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "practice", "--ready-file", str(ready), "--set", json.dumps(behaviour)]
        with running(command, dict(os.environ), Path(folder) / "log"):
            wait_for(ready.exists, "practice AWS")
            yield PracticeAws.from_ready_file(ready)


@contextmanager
def keyturn(at: Instance) -> Iterator[int]:
    """`keyturn up`, once it answers; gives the process ID of the top process."""
    log = at.folder / "log"
    with running([sys.executable, "-m", "cli", "up"], at.env, log) as process:
        wait_for(lambda: "Ctrl-C ends it." in log.read_text(), "keyturn up")
        yield process.pid


@contextmanager
def running(command: list[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process, until the end of the block; what it writes goes to the log."""
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(comes: Callable[[], bool], what: str, within_s: float = _WITHIN_S) -> None:
    """Wait for something. Exits with what didn't come."""
    until = time.monotonic() + within_s
    while not comes():
        if time.monotonic() > until:
            sys.exit(f"{what} didn't come within {within_s} s")
        time.sleep(0.05)
