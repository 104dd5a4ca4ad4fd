"""Files that are swapped whole: who reads one sees what was there before or what is there now, never half of it."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def swap(path: Path, content: bytes, mode: int | None = None) -> None:
    """Put the content in place of the file's. `mode` is for a new file (0600 without it); an old one keeps its own.

    Owner and group are kept, each as far as the process may. A symbolic link stays one, and its target changes.
    Raises OSError, which names the file.
    """
    path = path.resolve()
    try:
        before = path.stat()
    except FileNotFoundError:
        before = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        said = "its folder isn't there" if isinstance(error, FileNotFoundError) else error.strerror
        raise OSError(error.errno, said, str(path)) from None
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if before is None:
            made.chmod(mode or 0o600)
        else:
            with suppress(PermissionError):  # a group that the process isn't in
                os.chown(name, -1, before.st_gid)
            with suppress(PermissionError):  # who isn't root writes files of its own
                os.chown(name, before.st_uid, -1)
            made.chmod(before.st_mode & 0o7777)
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
