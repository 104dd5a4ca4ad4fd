"""Runs the supervisor with small programs, for test_supervisor.py: `supervise.py '{"name": ["sh", "-c", "..."]}'`.

A name that begins with `task` is run to its end, before those after it. The environment is the caller's.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from supervisor.child import Program
from supervisor.loop import Patience, Script, Supervisor


def main() -> int:
    supervisor = Supervisor(write, Patience(pauses_s=(0.05, 0.1), end_within_s=0.3, end_last_within_s=0.1))
    return supervisor.run(start(supervisor, json.loads(sys.argv[1])))


def start(supervisor: Supervisor, programs: dict[str, list[str]]) -> Script:
    for name, (command, *arguments) in programs.items():
        program = Program(name, os.environ, command, arguments=tuple(arguments), once=name.startswith("task"))
        if program.once:
            write(f"result: {(yield from supervisor.finish(program))}")
        else:
            supervisor.start(program)
    write(f"all run: {json.dumps(supervisor.pids)}")


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
