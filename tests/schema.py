"""The mark of a schema that migrations would have made: tests make the tables by themselves, which is faster."""

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import migrations


def mark_current(connection: Connection) -> None:
    script = ScriptDirectory(Path(migrations.__file__).parent)
    MigrationContext.configure(connection).stamp(script, "head")
