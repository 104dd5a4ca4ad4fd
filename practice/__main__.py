"""`python -m practice`: run practice AWS until it is told to end."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from threading import Thread

from practice.account import ACCOUNT_ID
from practice.behaviour import Behaviour
from practice.layer import Layer
from practice.server import NotLoopback, PracticeServer


def main() -> None:
    """Listen, say where, and end on SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m practice", description="Practice AWS on loopback.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    parser.add_argument("--ready-file", type=Path, help="written, mode 0600, once calls are answered")
    parser.add_argument("--state-file", type=Path, help="keeps users, keys and policies over a restart")
    parser.add_argument("--log-file", type=Path, help="every call is added to it, a line of JSON each")
    parser.add_argument("--set", default="{}", help='how it behaves, as in {"propagation_s": [3, 12]}')
    options = parser.parse_args()
    behaviour = Behaviour()
    try:
        behaviour.change(json.loads(options.set))
        layer = Layer(behaviour, state_file=options.state_file, log_file=options.log_file)
        server = PracticeServer(layer, options.host, options.port)
    except (NotLoopback, ValueError, OSError) as error:
        parser.error(str(error))
    with server:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: Thread(target=server.shutdown).start())
        if options.ready_file:
            _write_ready_file(options.ready_file, server)
        sys.stdout.write(f"Practice AWS listens on {server.endpoint_url}\n")
        sys.stdout.flush()
        server.serve_forever(poll_interval=0.2)


def _write_ready_file(path: Path, server: PracticeServer) -> None:
    root = server.layer.root
    facts = {
        "endpoint_url": server.endpoint_url,
        "account_id": ACCOUNT_ID,
        "root": {"access_key_id": root.access_key_id, "secret_access_key": root.secret_access_key},
    }
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(facts, file)
    unfinished.replace(path)


if __name__ == "__main__":
    main()
