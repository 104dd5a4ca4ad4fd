"""One worker, as a process of its own."""

from __future__ import annotations

from config import Config
from jobs.worker import run_worker
from supervisor import logs


def main() -> None:
    """Work until a signal."""
    config = Config.from_env()
    logs.configure(config)
    run_worker(config.redis)


if __name__ == "__main__":
    main()
