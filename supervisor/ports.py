"""Which port to listen on."""

from __future__ import annotations

import errno
import socket

_TRIES = 100


class PortTakenError(Exception):
    """Another program listens on the port; the message says what to do."""


def free_port(host: str, wanted: int, *, or_next: bool = False) -> int:
    """The wanted port if nobody listens there, any that is free when it is 0; with `or_next` the next free one.

    Raises PortTakenError when it is taken, and OSError when `host` is no address of this machine.
    """
    tries = _TRIES if or_next and wanted else 1
    for port in range(wanted, wanted + tries):
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
    raise PortTakenError(f"Port {wanted} of {host} is taken: PORT=9000 takes another, PORT=0 any that is free.")


def _bound(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # A port that a server left a moment ago counts as free, one that is listened on doesn't.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
