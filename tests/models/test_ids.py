"""A number that a row had is never another's."""

from __future__ import annotations

import pytest
from sqlalchemy import Integer

from models import Base, Project, Rotation, RotationStrategy, Secret
from tests import turned


@pytest.mark.parametrize("model", [RotationStrategy, Rotation, Secret])
def test_no_number_is_given_twice(store, model):
    session = store.session()
    project = session.query(Project).one()

    def make():
        strategy = turned.strategy(session, store.keyring, project, "billing-api")
        turned.rotation(session, strategy)
        session.commit()
        return strategy

    made = make()
    seen = {each.id for each in session.query(model)}
    session.delete(session.query(Rotation).one())
    session.delete(made)
    session.flush()
    session.query(Secret).delete()
    session.commit()
    make()
    assert not seen & {each.id for each in session.query(model)}


def test_every_table_with_numbers_is_told_so():
    tables = [
        table for table in Base.metadata.sorted_tables if "id" in table.c and isinstance(table.c.id.type, Integer)
    ]
    assert tables
    assert all(table.dialect_options["sqlite"]["autoincrement"] for table in tables)
