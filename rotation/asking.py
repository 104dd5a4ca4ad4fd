"""One request to an address that somebody typed: bounded in time and size, and never to where it may not lead.

The address is judged when it is connected to, so that a name that resolves otherwise a moment later leads nowhere. A
redirect is an answer like any other: it isn't followed.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

CONNECT_S = 5
WHOLE_S = 10
"""So long the whole exchange may take, however slowly the answer drips."""
BODY_BYTES = 1000
"""So much of an answer is read where nothing else is said."""


class NotAllowedError(OSError):
    """The address is private, loopback or link-local, and nobody has allowed it. The text says so."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is a private address, and no administrator has allowed it")


class UnansweredError(Exception):
    """No answer came; the text says why, without anything that was sent."""


@dataclass(frozen=True)
class Answer:
    """What the other side said; `body` is cut short. Names of headers are in small letters."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """By which way an address may be reached."""

    allows_private: bool = False
    """Whether an administrator lets it lead to a private, loopback or link-local address."""
    authority: str = ""
    """A certificate authority of its own, as PEM, that vouches for the address instead of the public ones."""


def ask(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], way: Way, most: int = BODY_BYTES
) -> Answer:
    """Send it and return the answer, of which at most `most` bytes are read. Raises UnansweredError."""
    parts, connection = urlsplit(url), _connection(url, way)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.connect()
        with _watched(connection.sock):
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            said = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, answer.read(most).decode(errors="replace"), said)
    except NotAllowedError as error:
        raise UnansweredError(str(error)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UnansweredError(_why(error)) from None
    finally:
        connection.close()


def reach(url: str, way: Way) -> None:
    """Connect, with TLS where the address has it, and send nothing. Raises UnansweredError."""
    connection = _connection(url, way)
    try:
        connection.connect()
    except NotAllowedError as error:
        raise UnansweredError(str(error)) from None
    except (OSError, ValueError) as error:
        raise UnansweredError(_why(error)) from None
    finally:
        connection.close()


def printable(text: str) -> str:
    """What somebody said, without what a database or a page can't take."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def is_private(address: str) -> bool:
    """Whether a numeric address isn't one of the public internet."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        # Addresses that carry an IPv4 one lead to it: mapped, 6to4, NAT64.
        carried = found.ipv4_mapped or found.sixtofour or _nat64(found)
        if carried is not None:
            return is_private(str(carried))
    return not found.is_global or found.is_multicast


def _nat64(address: IPv6Address) -> IPv4Address | None:
    is_nat64 = address.packed[:12] == bytes.fromhex("0064ff9b0000000000000000")
    return IPv4Address(address.packed[12:]) if is_nat64 else None


def _reach(host: str, port: int, *, allows_private: bool) -> socket.socket:
    """A connection to the first address of the host that takes it. Raises NotAllowedError before one is tried."""
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not allows_private and is_private(str(address[0])):
            raise NotAllowedError(str(address[0]))
        made = socket.socket(family, kind, protocol)
        made.settimeout(CONNECT_S)
        try:
            made.connect(address)
        except OSError as error:
            made.close()
            failure = error
        else:
            made.settimeout(WHOLE_S)
            return made
    raise failure


class _PlainConnection(http.client.HTTPConnection):
    way = Way()

    def connect(self) -> None:
        self.sock = _reach(self.host, self.port, allows_private=self.way.allows_private)


class _TlsConnection(http.client.HTTPSConnection):
    way = Way()

    def connect(self) -> None:
        plain = _reach(self.host, self.port, allows_private=self.way.allows_private)
        with _watched(plain):
            context = ssl.create_default_context(cadata=self.way.authority or None)
            if self.way.authority:
                # Python 3.13 and later refuse authorities without the key identifiers of RFC 5280, as many clusters'
                # own ones are.
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            self.sock = context.wrap_socket(plain, server_hostname=self.host)


def _connection(url: str, way: Way) -> _TlsConnection | _PlainConnection:
    parts = urlsplit(url)
    kind = _TlsConnection if parts.scheme == "https" else _PlainConnection
    connection = kind(parts.hostname or "", parts.port, timeout=CONNECT_S)
    connection.way = way
    return connection


class _watched:  # noqa: N801 - it reads as what it does
    """Ends the connection once it has lasted for too long."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._timer = connection, threading.Timer(WHOLE_S, self._end)

    def __enter__(self) -> None:
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


def _why(error: Exception) -> str:
    """Why no answer came, without the texts of http.client, which quote what came."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate isn't right: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "No answer in time"
    if isinstance(error, socket.gaierror):
        return "The name isn't known"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "The answer broke off or isn't HTTP"
