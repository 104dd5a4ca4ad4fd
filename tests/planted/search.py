"""Known values that were planted, and the search for them in whatever was written."""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

from redis import Redis

_ZLIB_STARTS = (b"\x78\x9c", b"\x78\x01", b"\x78\xda")


def forms_of(value: str) -> Iterator[tuple[str, bytes]]:
    """The value as it may be written somewhere, each with the name of the form."""
    plain = value.encode()
    yield "plain", plain
    yield "reversed", plain[::-1]
    yield "UTF-16", value.encode("utf-16-le")
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    yield "URL-encoded", quote(value, safe="").encode()
    yield "URL-encoded as a form", quote_plus(value).encode()
    yield "HTML", html.escape(value).encode()
    yield "JSON", json.dumps(value)[1:-1].encode()
    for before in range(3):
        # Within a longer text the letters at both ends depend on what stands beside them.
        part = base64.b64encode(b"\0" * before + plain)[4 if before else 0 : -4]
        yield "base64", part
        yield "base64", part.translate(bytes.maketrans(b"+/", b"-_"))


def found(planted: Mapping[str, str], written: Mapping[str, bytes]) -> list[str]:
    """Which planted values were written where, and in which form."""
    return sorted(
        {
            f"{name} ({form}) in {place}"
            for name, value in planted.items()
            for form, needle in forms_of(value)
            for place, content in written.items()
            if needle in content
        }
    )


def files_below(folder: Path) -> dict[str, bytes]:
    """What is in the folder's files, compressed parts unpacked."""
    return {str(path): unpacked(path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def unpacked(content: bytes) -> bytes:
    """The content, followed by all that is compressed in it, as Redis holds jobs."""
    parts = [content]
    for start in _ZLIB_STARTS:
        at = content.find(start)
        while at >= 0:
            with suppress(zlib.error):  # by chance two bytes like a beginning
                parts.append(zlib.decompressobj().decompress(content[at:]))
            at = content.find(start, at + 1)
    return b"\n".join(parts)


def held_by(redis: Redis) -> bytes:
    """All that Redis holds now."""
    parts: list[bytes] = []
    for key in redis.scan_iter():
        kind = redis.type(key)
        read = {
            b"string": lambda key: [redis.get(key)],
            b"hash": lambda key: [part for item in redis.hgetall(key).items() for part in item],
            b"list": lambda key: redis.lrange(key, 0, -1),
            b"set": redis.smembers,
            b"zset": lambda key: redis.zrange(key, 0, -1),
            b"stream": lambda key: [str(redis.xrange(key)).encode()],
        }[kind]
        parts += [key, *(part for part in read(key) if part)]
    return unpacked(b"\n".join(parts))
