"""page_vs_plain: the secrets page with 1,000 secrets and the rotation tab with 200 strategies, against plain bytes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures import percentile
from bench.filling import PROJECT, with_strategies
from bench.running import Instance, keyturn, practice_aws, running, wait_for
from bench.visitor import Visitor
from supervisor.parts import answers
from supervisor.ports import free_port

_SECRETS = 1_000
_STRATEGIES = 200
_TIMES = 200
_WARM_UP = 20
_PAGES = {"secrets": f"/projects/{PROJECT}/secrets/development", "strategies": f"/projects/{PROJECT}/strategies"}


def measure() -> Iterator[str]:
    """Each page and its plain bytes in turns, from the same server, over one connection."""
    with (
        practice_aws(propagation_s=[0, 0]) as aws,
        with_strategies(aws, _STRATEGIES, secrets=_SECRETS) as at,
        keyturn(at),
        web_server(at) as port,
    ):
        visitor, ratios = Visitor(at, port), []
        for name, path in _PAGES.items():
            body = visitor.get(path)
            (at.folder / name).write_bytes(body)
            pairs = [(visitor.time(path), visitor.time(f"/plain/{name}")) for _ in range(_WARM_UP + _TIMES)][_WARM_UP:]
            page, plain = ([pair[which] * 1000 for pair in pairs] for which in (0, 1))
            ratios.append(percentile(plain, 50) / percentile(page, 50))
            yield f"page_p95_ms_{name}: {percentile(page, 95):.1f}"
            yield (
                f"# {name}: {len(body) // 1024} KiB, median {percentile(page, 50):.1f} ms, plain bytes "
                f"{percentile(plain, 50):.1f} ms, ratio {ratios[-1]:.3f}"
            )
        yield f"page_vs_plain: {min(ratios):.3f}"


@contextmanager
def web_server(at: Instance) -> Iterator[int]:
    """Keyturn's web server, plain pages included, on a port of its own."""
    port = free_port("127.0.0.1", 0)
    env = {**at.env, "PORT": str(port), "PLAIN": str(at.folder)}
    command = [sys.executable, "-m", "bench.web"]
    with running(command, env, at.folder / "web.log"):
        wait_for(lambda: answers("127.0.0.1", port), "the web server")
        yield port
