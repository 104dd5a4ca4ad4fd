"""Keyturn's web server with Keyturn's app, and beside it pages of plain bytes: `PLAIN=FOLDER python -m bench.web`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from supervisor.front import Front
from supervisor.web import behind_front, main, make_app

PLAIN = "/plain/"


def make() -> Front:
    """The app, behind which `/plain/NAME` answers with a file's bytes."""
    app, folder = make_app(), Path(os.environ["PLAIN"])

    @cache
    def read(name: str) -> bytes:
        return (folder / name).read_bytes()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(PLAIN):
            return app(environ, start_response)
        body = read(path.removeprefix(PLAIN))
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
        return [body]

    return behind_front(serve)


if __name__ == "__main__":
    main("bench.web:make")
