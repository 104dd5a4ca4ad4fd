"""`keyturn up`: everything on one machine, against real AWS."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from config import Config
from supervisor import parts
from supervisor.child import Program
from supervisor.loop import Script, Supervisor
from supervisor.ports import free_port


def up(config: Config, write: Callable[[str], None]) -> int:
    """Run Keyturn until it is told to end. Returns the exit code.

    Raises CannotGoOnError or PortTakenError when it can't begin.
    """
    config.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    with parts.only_one(config):
        port = free_port(config.host, config.port)
        env = {**os.environ, "KEYTURN_INSTANCE": str(config.instance.resolve()), "PORT": str(port)}
        supervisor = Supervisor(write)
        return supervisor.run(_start_all(supervisor, Config.from_env(env), env, write))


def _start_all(supervisor: Supervisor, config: Config, env: Mapping[str, str], write: Callable[[str], None]) -> Script:
    parts.start_redis(supervisor, config, env)
    yield from parts.preload()
    setup_token = yield from supervisor.finish(
        Program("prepare", env, module="supervisor.prepare", arguments=("--setup-token",), once=True)
    )
    yield from parts.start_parts(supervisor, config, env)
    yield from parts.web_answers(config)
    write(f"\nKeyturn runs: {parts.address(config)}")
    if setup_token:
        write(
            f"Nobody has an account yet. Make the first administrator's here, once, within a day:\n"
            f"  {parts.address(config)}/setup/{setup_token}"
        )
    write("Ctrl-C ends it.\n")
