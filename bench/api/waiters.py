"""waiters: 2,000 programs wait for a change of their secrets. What that costs, and how soon it reaches them all."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.request import Request, urlopen

import psutil
from sqlalchemy.orm import Session

from bench.figures import percentile
from bench.filling import make_token
from bench.running import Instance, instance, keyturn
from models.project import create_project
from models.secret import create_secret

WAITERS = 2000
_OPEN_FILES = 8192
_AT_ONCE, _PAUSE_S = 50, 0.1
_ASK_ALL_S = 10
_MEGA = 1e6


def measure() -> Iterator[str]:
    """Memory is what processes don't share. All programs have one token; each has a connection of its own."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with instance() as at:
        secret_id, token = _fill(at)
        with keyturn(at) as pid:
            yield from asyncio.run(_measure(psutil.Process(pid), at.config.port, secret_id, token))


def _fill(at: Instance) -> tuple[int, str]:
    now = datetime.now(UTC)
    with Session(at.engine) as session:
        project = create_project(session, at.keyring, "bench", now)
        session.flush()
        place = project.environments[0]
        secret = create_secret(
            session, project.sealing_key(at.keyring), environment=place, path="/", name="NAME", value=b"first",
            now=now, author="bench",
        )  # fmt: skip
        _, text = make_token(session, place, now, reads_secrets=True, writes_secrets=True)
        session.commit()
        return secret.id, text


async def _measure(top: psutil.Process, port: int, secret_id: int, token: str) -> list[str]:
    for _ in range(_AT_ONCE):
        etag = _ask(port, token, "secrets")
    before = _own_mb(top)
    came: list[float] = []
    waiting = []
    for number in range(WAITERS):
        waiting.append(asyncio.create_task(_wait(port, token, etag, came)))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(_PAUSE_S)
    await asyncio.sleep(_ASK_ALL_S)
    cost = _own_mb(top) - before
    held = WAITERS - len(came)
    await asyncio.to_thread(_ask, port, token, f"secrets/{secret_id}", {"value": "second"})
    changed = time.monotonic()
    await asyncio.gather(*waiting)
    took = [moment - changed for moment in came]
    return [
        f"waiters_mb: {cost:.0f}",
        f"waiters_all_told_s: {max(took):.2f}",
        f"# {held} held; half were told after {percentile(took, 50):.2f} s",
    ]


def _ask(port: int, token: str, what: str, change: dict[str, str] | None = None) -> str:
    """Read, or change, and return the ETag."""
    request = Request(
        f"http://127.0.0.1:{port}/api/v1/{what}",
        data=None if change is None else json.dumps(change).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="GET" if change is None else "PATCH",
    )
    with urlopen(request) as answer:  # noqa: S310 - as above
        answer.read()
        return str(answer.headers["ETag"])


async def _wait(port: int, token: str, etag: str, came: list[float]) -> None:
    """Wait as a program does: again, when nothing has changed within the 30 s."""
    lines = (
        "GET /api/v1/secrets?wait=30 HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}",
        f"If-None-Match: {etag}", "", "",
    )  # fmt: skip
    answer = b" 304 "
    while b" 304 " in answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write("\r\n".join(lines).encode())
        answer = await reader.readline()
        writer.close()
    came.append(time.monotonic())
    if b" 200 " not in answer:
        raise RuntimeError(answer.decode())


def _own_mb(top: psutil.Process) -> float:
    return sum(each.memory_full_info().uss for each in (top, *top.children(recursive=True))) / _MEGA
