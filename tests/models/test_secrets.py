"""Secrets: each value kept byte for byte, each version once."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from models.secret import MAX_VALUE_BYTES, StaleSecretError, create_secret, current_values, write_secret
from tests.fake_clock import START


def write(store, session, secret, value, **more) -> None:
    write_secret(session, store.key, secret, value, now=START, author="bob", reason="edited", **more)


@given(st.binary(max_size=200))
@example(b"")
@example(b" \n\tleading and trailing \r\n")
@example("\N{SNOWMAN} pâssword".encode())
@example(b"\x00\xff")
@example(b"x" * MAX_VALUE_BYTES)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_is_kept_byte_for_byte(store, value):
    session = store.session()
    secret = create_secret(
        session, store.key, environment=store.environment(session), path="/", name="VALUE", value=value, now=START,
        author="alice",
    )  # fmt: skip
    session.flush()
    session.expire_all()
    assert secret.versions[0].open(store.key) == value
    assert current_values(session, store.key, [secret.id]) == {secret.id: value}
    session.close()


def test_each_write_is_a_version_with_who_when_and_why(store):
    session = store.session()
    secret = store.secret(session, store.add(value=b"first"))
    write(store, session, secret, b"second", rotation_id=41)
    session.expire_all()
    told = [(each.number, each.author, each.reason, each.rotation_id, each.created_at) for each in secret.versions]
    assert told == [(2, "bob", "edited", 41, START), (1, "alice", "created", None, START)]
    assert secret.version == 2


def test_who_did_not_see_the_latest_version_writes_nothing(store):
    session = store.session()
    secret = store.secret(session, store.add(value=b"first"))
    session.expunge(secret)
    write(store, session, store.secret(session, secret.id), b"second")
    session.commit()
    with pytest.raises(StaleSecretError):
        write(store, session, secret, b"third")
    session.rollback()
    assert current_values(session, store.key, [secret.id]) == {secret.id: b"second"}


def test_a_place_has_one_secret_of_a_name(store):
    store.add("TOKEN", path="/api")
    store.add("TOKEN", path="/other")
    store.add("TOKEN", path="/api", environment="staging")
    with pytest.raises(IntegrityError):
        store.add("TOKEN", path="/api")


def test_current_values_are_read_in_one_statement(store, count_statements):
    ids = [store.add(f"TOKEN_{number}", value=str(number).encode()) for number in range(5)]
    for_one = count_statements(lambda session: current_values(session, store.key, ids[:1]))
    assert count_statements(lambda session: current_values(session, store.key, ids)) == for_one <= 2  # one is BEGIN
    read = current_values(store.reader(), store.key, ids)
    assert [read[secret_id] for secret_id in ids] == [b"0", b"1", b"2", b"3", b"4"]


def test_a_secret_that_is_gone_has_no_value(store):
    assert current_values(store.reader(), store.key, [4711]) == {}
