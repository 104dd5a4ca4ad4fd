"""What may stand in the fields of several kinds of stores."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

_ADDRESS_LENGTH = 2000


def pattern(rule: str, sentence: str) -> Callable[[str], str | None]:
    """A field's `problem`: `sentence`, unless the whole text follows the regular expression."""
    compiled = re.compile(rule)

    def problem(text: str) -> str | None:
        return None if compiled.fullmatch(text) else sentence

    return problem


def address_problem(text: str) -> str | None:
    """Why this can't be the address of a store's API."""
    problem = url_problem(text)
    if problem is None and urlsplit(text).query:
        problem = "Leave out the ? and what follows it."
    return problem


def url_problem(text: str) -> str | None:
    """Why secrets can't be sent to this address; a query is allowed."""
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > _ADDRESS_LENGTH:
        return "Write the address without spaces, in ASCII letters; encode others as %XX."
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "This isn't an address. Write one such as https://store.example.com."
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        return "Write the whole address, such as https://store.example.com."
    if parts.scheme == "http" and not _is_loopback(host):
        return "Use https: over http everybody on the way could read the values."
    if "@" in parts.netloc:
        return "Leave the user and password out of the address; they belong to the credential."
    return "Leave out the # and what follows it." if "#" in text else None


def header_problem(text: str) -> str | None:
    """Why a token can't be sent in a header."""
    if text.isascii() and text.isprintable() and " " not in text:
        return None
    return "A token has no spaces, no line breaks and ASCII letters only. Copy it anew."


def authority_problem(text: str) -> str | None:
    """Why this isn't a certificate authority in PEM; none is fine."""
    if not text.strip():
        return None
    # A certificate that isn't marked as an authority can't vouch for any other.
    with suppress(ssl.SSLError, ValueError, UnicodeError):
        if ssl.create_default_context(cadata=text).get_ca_certs():
            return None
    return "Paste the certificate of the authority as PEM, from -----BEGIN CERTIFICATE----- to its END line."


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
