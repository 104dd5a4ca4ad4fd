"""A transaction that only reads waits for no writer of SQLite, and what has something to write isn't one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Project
from models.engine import PATIENCE_MS, READ_ONLY, begin_reading

_AT_ONCE = {PATIENCE_MS: 0}


def is_reading(session: Session) -> bool:
    return bool(session.connection().get_execution_options().get(READ_ONLY))


def test_it_waits_for_no_writer(store):
    with store.session() as writing, Session(store.engine.execution_options(**_AT_ONCE)) as session:
        writing.connection()
        begin_reading(session)
        assert session.scalars(select(Project.name)).all() == ["payments"]


def test_the_next_transaction_may_write_again(store):
    session = store.session()
    begin_reading(session)
    assert is_reading(session)
    session.commit()
    assert not is_reading(session)


def test_what_has_something_to_write_takes_the_lock(store):
    session = store.session()
    project = store.project(session)
    session.commit()
    project.name = "billing"
    begin_reading(session)
    assert not is_reading(session)
