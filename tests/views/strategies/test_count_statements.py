"""Pages take as many SQL statements for a thousand rows as for ten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from models import AccessKey, Rotation, RotationStrategy
from models.base import new_id
from tests import turned
from tests.fake_clock import START
from tests.sql_count import statements

DAY = timedelta(days=1)


def many_strategies(session, like, count):
    """Strategies without secrets of their own, each with a rotation and two keys, written in bulk."""
    columns = {
        "project_id": like.project_id, "kind": "aws-iam", "connection_id": like.connection_id, "user_path": "/",
        "existing_key_id": "", "grace_s": 60, "retire_when": "quiet", "quiet_s": 60, "retries": 0, "paused_by": "",
        "created_at": START, "created_by": "bob",
    }  # fmt: skip
    ids = session.scalars(
        insert(RotationStrategy).returning(RotationStrategy.id),
        [{**columns, "user_name": f"user-{number:04}"} for number in range(count)],
    ).all()
    session.execute(
        insert(Rotation),
        [
            {"project_id": like.project_id, "strategy_id": number, "state": "succeeded", "trigger": "button",
             "requested_by": "bob", "requested_at": START, "ended_at": START}
            for number in ids
        ],
    )  # fmt: skip
    session.execute(
        insert(AccessKey),
        [
            {"id": new_id(), "project_id": like.project_id, "strategy_id": number, "state": state,
             "access_key_id": "AKIAEXAMPLE2T7Q4FVKD", "intent_at": START}
            for number in ids
            for state in ("active", "retiring")
        ],
    )  # fmt: skip
    session.commit()


@pytest.mark.parametrize("path", ["", "?q=user&state=ok", "/1/row"])
def test_the_list(app, bob_client, session, billing, path):
    def count():
        return len(statements(app, lambda: bob_client.get(f"/projects/payments/strategies{path}")))

    many_strategies(session, billing, 9)
    few = count()
    many_strategies(session, billing, 990)
    assert count() == few


@pytest.mark.parametrize("path", ["", "/timeline", "/rotations"])
def test_the_strategys_page(app, bob_client, session, billing, path):
    def count():
        return len(statements(app, lambda: bob_client.get(f"/projects/payments/strategies/1{path}")))

    def turn(times, since):
        for number in range(times):
            made = turned.succeeded(session, billing, at=since + number * timedelta(minutes=1))
            for old in session.query(AccessKey).filter_by(strategy_id=billing.id, state="retiring"):
                turned.deleted(session, old, at=made.ended_at)

    turn(10, START - DAY)
    few = count()
    turn(90, START - timedelta(hours=5))
    assert count() == few


def test_the_rotations_page(app, bob_client, session, billing):
    page = f"/projects/payments/rotations/{turned.succeeded(session, billing, at=START - DAY).id}"

    def count():
        return len(statements(app, lambda: bob_client.get(page)))

    turned.failed(session, billing, "throttled", at=START)
    few = count()
    for number in range(20):
        turned.failed(session, billing, "throttled", at=START - timedelta(hours=number))
    many_strategies(session, billing, 200)
    assert count() == few
