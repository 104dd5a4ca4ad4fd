"""rest_pss_mb: all processes of `keyturn up` at rest, after they have worked; practice AWS isn't one of them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.filling import PROJECT, with_strategies
from bench.running import keyturn, practice_aws
from bench.visitor import Visitor

_PAGES = ("/secrets/development", "/strategies", "/connections", "/audit")
_VISITS = 20
_REST_S = 10


def measure() -> Iterator[str]:
    """The proportional set size, which counts a page of memory that N processes share as 1/N in each."""
    with practice_aws() as aws, with_strategies(aws, 200, secrets=1_000) as at, keyturn(at) as pid:
        visitor = Visitor(at, at.config.port)
        for _ in range(_VISITS):
            for page in _PAGES:
                visitor.get(f"/projects/{PROJECT}{page}")
        time.sleep(_REST_S)
        top = psutil.Process(pid)
        sizes = [_pss_kb(process.pid) for process in (top, *top.children(recursive=True))]
        yield f"rest_pss_mb: {sum(sizes) / 1024:.0f}"
        yield f"# {len(sizes)} processes: {', '.join(f'{size / 1024:.0f}' for size in sizes)} MB"


def _pss_kb(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
