"""Keyturn's processes, forked from one that has imported them, and started again whenever one ends."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import suppress

from bench.running import Instance, wait_for
from supervisor import redis_server
from supervisor.child import Child, Program, session_members
from supervisor.ports import free_port

SCHEDULERS, WORKERS, WEBS = 2, 4, 2


class Fleet:
    """The processes of a run. One thread only: it forks."""

    def __init__(self, at: Instance) -> None:
        self._at = at
        self._ports = [free_port("127.0.0.1", 0) for _ in range(WEBS)]
        self.url = f"http://127.0.0.1:{self._ports[0]}"
        self._programs = {program.name: program for program in self._all()}
        self.children: dict[str, Child] = {}
        self._sessions: set[int] = set()
        self.kills: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()

    def start(self) -> None:
        """Start all; Redis answers first."""
        self._start("redis")
        wait_for(lambda: redis_server.answers(self._at.config.redis_socket), "Redis")
        self.care()

    def care(self) -> None:
        """Start what isn't there, and read what the others say."""
        for name in self._programs:
            child = self.children.get(name)
            if child is not None and child.ended():
                self.ended[_kind(name)] += 1
                if _kind(name) == "web":  # what it forked would serve on for ever, and nobody asks it
                    child.kill()
                self._forget(name)
            if name not in self.children:
                self._start(name)
            self.children[name].read_lines()

    def kill(self, kind: str, index: int) -> None:
        """Kill one process of a kind (`worker's fork` is what does a worker's jobs), if there is one."""
        names = [name for name in self.children if _kind(name) == kind.partition("'")[0]]
        if not names:
            return
        child = self.children[names[index % len(names)]]
        pids = [child.pid]
        if kind.endswith("fork"):
            pids = [pid for pid in session_members(child.pid) if pid != child.pid]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills[kind] += 1

    def stop_redis(self, seconds: float) -> None:
        """Let Redis hang for so long."""
        pid = self.children["redis"].pid
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)

    def close(self) -> None:
        """End all, orphans included."""
        for name in list(self.children):
            self.children[name].kill()
            self._forget(name)
        for number in self._sessions:
            for pid in session_members(number):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _start(self, name: str) -> None:
        self._at.engine.dispose()  # no connection to a database may live on in a fork
        self.children[name] = Child(self._programs[name])
        self._sessions.add(self.children[name].pid)

    def _forget(self, name: str) -> None:
        self.children.pop(name).close()

    def _all(self) -> list[Program]:
        env = self._at.env
        webs = [{**env, "PORT": str(port), "KEYTURN_WEB_PROCESSES": "1"} for port in self._ports]
        server = redis_server.executable()
        if server is None:
            raise SystemExit(redis_server.NO_SERVER)
        return [
            redis_server.program(server, self._at.config, env),
            *(Program(f"scheduler-{number}", env, module="supervisor.scheduler") for number in range(SCHEDULERS)),
            *(Program(f"worker-{number}", env, module="supervisor.worker") for number in range(WORKERS)),
            *(Program(f"web-{number}", web, module="supervisor.web") for number, web in enumerate(webs)),
        ]


def _kind(name: str) -> str:
    return name.partition("-")[0]
