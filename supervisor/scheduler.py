"""The scheduler, as a process of its own. Any number of them may run."""

from __future__ import annotations

import logging

from config import Config
from jobs.periodic import run_scheduler
from jobs.queue import connect
from supervisor import logs


def main() -> None:
    """Schedule until a signal."""
    config = Config.from_env()
    logs.configure(config)
    logging.getLogger("rq_scheduler").setLevel(logging.WARNING)
    run_scheduler(config, connect(config.redis))


if __name__ == "__main__":
    main()
