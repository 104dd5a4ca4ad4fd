"""Write a migration from what the models have and the latest schema lacks: `make migration m="add tokens"`."""

import sys
import tempfile
from pathlib import Path

from alembic import command

import migrations
from models.engine import open_database


def main(message: str) -> None:
    """Compare the models with a database that all migrations made, and write what differs as a new revision."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'empty.db'}")
        migrations.upgrade(engine)
        config = migrations._config()  # noqa: SLF001 - this script belongs to the package
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True)


if __name__ == "__main__":
    main(sys.argv[1])
