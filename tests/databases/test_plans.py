"""A sweep that finds nothing due reads no table in full: the database's own plan says so."""

from __future__ import annotations

import re
from types import SimpleNamespace

from sqlalchemy import event, text

from bench.filling import fill_many
from rotation.when.sweep import sweep_once

_BIG = "rotation_strategies|rotations|access_keys"
_IN_FULL = {
    "sqlite": re.compile(
        rf"SCAN ({_BIG})(?! USING (COVERING )?INDEX (uq_rotations_open|ix_rotation_strategies_deleting))"
    ),
    "postgresql": re.compile(rf"Seq Scan on ({_BIG})"),
}


def test_a_sweep_reads_no_table_in_full(world):
    fill_many(SimpleNamespace(engine=world.db, keyring=world.keyring), 3000)
    with world.db.begin() as connection:
        connection.execute(text("ANALYZE"))
    sent = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        if statement.startswith("SELECT"):
            sent.append((statement, parameters))

    event.listen(world.db, "before_cursor_execute", note)
    with world.new_session() as session:
        sweep_once(session, world.clock.now())
    event.remove(world.db, "before_cursor_execute", note)
    kind, plans = world.db.dialect.name, {}
    with world.db.connect() as connection:
        for statement, parameters in sent:
            explain = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
            rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
            plans[statement] = "\n".join(str(row[-1]) for row in rows)
    assert len(plans) > 5
    assert {statement: plan for statement, plan in plans.items() if _IN_FULL[kind].search(plan)} == {}
