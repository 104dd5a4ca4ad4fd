"""All rows of one database into another, whatever the two are."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, text

from models.base import Base

_ROWS_AT_ONCE = 500


def copy_rows(source: Connection, target: Connection) -> int:
    """Copy all tables' rows, parents first, without committing; how many rows that were.

    Both have this version's schema, and the target's tables are empty.
    """
    copied = 0
    for table in Base.metadata.sorted_tables:
        rows = source.execution_options(yield_per=_ROWS_AT_ONCE).execute(select(table)).mappings()
        for part in rows.partitions(_ROWS_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in part])
            copied += len(part)
    _advance_sequences(target)
    return copied


def clear(target: Connection) -> None:
    """Delete all rows, children first, without committing."""
    for table in reversed(Base.metadata.sorted_tables):
        target.execute(table.delete())


def _advance_sequences(target: Connection) -> None:
    """PostgreSQL counts ids apart from the rows: the next one must be a new one."""
    if target.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        last = target.scalar(select(func.max(column)))
        if last is not None:
            values = {"table": table.name, "column": column.name, "last": last}
            target.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), values)
