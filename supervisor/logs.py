"""What the processes log, and how: plain lines on standard error."""

from __future__ import annotations

import logging

from config import Config


def configure(config: Config) -> None:
    """Log this process's lines from the configured level on."""
    logging.basicConfig(level=config.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    # Each look at the schema's version, as the status page takes one, would be two lines.
    logging.getLogger("alembic.runtime.migration").setLevel(max(logging.WARNING, logging.root.level))
