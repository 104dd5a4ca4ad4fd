"""The status page lists current keys that AWS refuses, and turns them all by one button."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AccessKey, KeyState, Rotation
from models.heartbeat import RESTORE, beat
from tests import turned
from tests.fake_clock import START
from tests.schema import mark_current


@pytest.fixture(autouse=True)
def schema(session):
    mark_current(session.connection())
    session.commit()


def refuse(session, strategy, code="published_key_deleted"):
    turned.succeeded(session, strategy, at=START - timedelta(days=2))
    (key,) = session.query(AccessKey).filter_by(strategy_id=strategy.id, state=KeyState.ACTIVE.value)
    key.error_code = code
    session.commit()


def test_lists_current_keys_that_aws_refuses_and_turns_them_all(bob_client, session, keyring, payments):
    strategy = turned.strategy(session, keyring, payments)
    refuse(session, strategy)
    page = bob_client.get("/status")
    assert "Current key deleted at AWS" in page.text
    answer = bob_client.post("/status/rotate-refused", data={"strategy": [strategy.id]})
    assert (answer.status_code, answer.location) == (303, "/status")
    assert session.query(Rotation).filter_by(ended_at=None).one().strategy_id == strategy.id


def test_turns_only_what_is_listed(bob_client, session, keyring, payments):
    well, sick = (turned.strategy(session, keyring, payments, name) for name in ("billing-api", "report-mailer"))
    turned.succeeded(session, well, at=START - timedelta(days=2))
    refuse(session, sick)
    bob_client.post("/status/rotate-refused", data={"strategy": [well.id]})
    assert session.query(Rotation).filter_by(ended_at=None).count() == 0


def test_a_stranger_sees_and_turns_none(charlie_client, session, keyring, payments):
    strategy = turned.strategy(session, keyring, payments)
    refuse(session, strategy)
    assert "billing-api" not in charlie_client.get("/status").text
    charlie_client.post("/status/rotate-refused", data={"strategy": [strategy.id]})
    assert session.query(Rotation).filter_by(ended_at=None).count() == 0


def test_tells_of_a_restore_until_all_keys_are_tried(bob_client, session, keyring, payments):
    strategy = turned.strategy(session, keyring, payments)
    turned.succeeded(session, strategy, at=START - timedelta(days=2))
    session.query(AccessKey).update({"restored_at": START})
    beat(session, RESTORE, START)
    session.commit()
    assert "1 current key still to be tried" in bob_client.get("/status").text
    session.query(AccessKey).update({"restored_at": None})
    session.commit()
    assert "Every current key has been tried" in bob_client.get("/status").text
