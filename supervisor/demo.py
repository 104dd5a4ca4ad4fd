"""`keyturn demo`: everything on one machine, with practice AWS, begun anew each time."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from config import Config
from supervisor import parts
from supervisor.child import Program
from supervisor.loop import CannotGoOnError, Script, Supervisor
from supervisor.ports import free_port

_MARK = ".keyturn-demo"
_KEPT = frozenset({"KEYTURN_HOST", "KEYTURN_ALLOWED_HOSTS", "KEYTURN_URL", "KEYTURN_LOG_LEVEL"})
"""The settings that a demo takes from its surroundings; the others are its own."""
_SHORT_TIMES = {
    "KEYTURN_SWEEP_PERIOD": "1",
    "KEYTURN_LAST_USE_LAG": "5",
    "KEYTURN_LAST_USE_POLL": "5",
}
_AWS_BEHAVIOUR = {"propagation_s": [2, 5]}
_LOOPBACK = "127.0.0.1"


def demo(config: Config, write: Callable[[str], None]) -> int:
    """Run a demo in the folder `demo` of the instance folder until it is told to end. Returns the exit code."""
    folder = config.instance.resolve() / "demo"
    port = free_port(config.host, config.port, or_next=True)
    if config.port not in {0, port}:
        write(f"Port {config.port} is taken; this demo takes {port}.")
    aws_port = free_port(_LOOPBACK, 0)
    env = _environment(folder, port, aws_port)
    config = Config.from_env(env)
    _make_folder(folder)
    with parts.only_one(config):
        _empty(folder, write)
        supervisor = Supervisor(write, on_change=lambda pids: _write_pids(folder, pids))
        return supervisor.run(_start_all(supervisor, config, env, aws_port, write))


def _start_all(
    supervisor: Supervisor, config: Config, env: Mapping[str, str], aws_port: int, write: Callable[[str], None]
) -> Script:
    ready_file = config.instance / "practice-aws.json"
    write("Starting practice AWS and Redis ...")
    supervisor.start(_practice_aws(aws_port, ready_file, env))
    parts.start_redis(supervisor, config, env)
    yield from parts.preload("supervisor.seeding")
    write("Making the database ...")
    yield from supervisor.finish(Program("prepare", env, module="supervisor.prepare", once=True))
    write("Starting web, worker and scheduler, and making practice values ...")
    yield from parts.start_parts(supervisor, config, env)
    seed = Program("seed", env, module="supervisor.seeding", arguments=(str(ready_file),), once=True)
    seeded = json.loads((yield from supervisor.finish(seed)))
    yield from parts.web_answers(config)
    facts = {"url": parts.address(config), **seeded, "pids": supervisor.pids}
    _write_private(config.instance / "demo.json", facts)
    write(_welcome(facts, config.instance / "demo.json"))


def _practice_aws(port: int, ready_file: Path, env: Mapping[str, str]) -> Program:
    """Practice AWS starts as a program of its own: nobody else shares what it imports."""
    state_file = ready_file.with_name("practice-aws.state")
    files = ("--ready-file", str(ready_file), "--state-file", str(state_file))
    options = ("--port", str(port), *files, "--set", json.dumps(_AWS_BEHAVIOUR))
    env = {**env, "PYTHONUNBUFFERED": "1"}
    return Program("practice-aws", env, sys.executable, arguments=("-m", "practice", *options), ends_last=True)


def _environment(folder: Path, port: int, aws_port: int) -> dict[str, str]:
    """The children's environment: nothing of the surroundings may lead them to a real database or a real AWS."""
    settings = {f"{row.metadata['env']}{suffix}" for row in fields(Config) for suffix in ("", "_FILE")} - _KEPT
    outer = {
        name: value
        for name, value in os.environ.items()
        if name not in settings and not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    return {
        **outer,
        "KEYTURN_INSTANCE": str(folder),
        "PORT": str(port),
        "KEYTURN_PRACTICE": "true",
        "AWS_ENDPOINT_URL": f"http://{_LOOPBACK}:{aws_port}",
        **_SHORT_TIMES,
    }


def _make_folder(folder: Path) -> None:
    """Make the demo's folder. Raises CannotGoOnError when there is one that isn't a demo's."""
    mark = folder / _MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise CannotGoOnError(f"{folder} isn't a demo's, so this demo doesn't empty it. Move it away, then try again.")
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    mark.touch()


def _empty(folder: Path, write: Callable[[str], None]) -> None:
    kept = {_MARK, "keyturn.lock"}
    old = [entry for entry in folder.iterdir() if entry.name not in kept]
    write(f"This demo starts anew in {folder}{': what an earlier one left there is deleted' if old else ''}.")
    for entry in old:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _write_pids(folder: Path, pids: dict[str, int]) -> None:
    """Keep demo.json true when a child runs as another process."""
    path = folder / "demo.json"
    if path.exists():
        _write_private(path, {**json.loads(path.read_text(encoding="utf-8")), "pids": pids})


def _write_private(path: Path, facts: Mapping[str, Any]) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=2)
        file.write("\n")
    unfinished.replace(path)


def _welcome(facts: Mapping[str, Any], path: Path) -> str:
    own, *others = (target["user_name"] for target in facts["targets"])
    return f"""
The demo runs.

  Address   {facts["url"]}
  Sign in   {facts["user"]}
  Password  {facts["password"]}

Try first:
  1. Project payments, tab Secret Rotation: the key of {own} is being turned, and again every 2 minutes.
  2. Make two secrets, then the tile AWS IAM, "Use the practice values", IAM Username {others[0]}, Submit, Rotate.
  3. The same for {others[1]}, with a schedule.

Scripts find all this in {path}. Ctrl-C ends the demo.
"""
