"""What the database holds sealed: never empty, bound to its row, and not touched by who doesn't mean to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import LargeBinary, event, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import defer, load_only

from crypto import CannotOpenError, Keyring, MasterKeyError, SealingKey
from models import (
    AccessKey,
    Base,
    Connection,
    Destination,
    KeyState,
    NoticeAddress,
    Project,
    SecretVersion,
    SharedSession,
    Webhook,
)
from models.base import new_id
from models.project import check_master_key, create_project
from models.secret import create_secret, write_secret
from rotation.setup.connections import change_connection
from tests import turned
from tests.fake_clock import START

SEALED = [
    (Project, "data_key"),
    (Connection, "secret_access_key"),
    (SecretVersion, "value"),
    (AccessKey, "secret_access_key"),
    (SharedSession, "credentials"),
    (Webhook, "secret"),
    (Webhook, "old_secret"),
    (NoticeAddress, "url"),
    (Destination, "credential"),
]


@pytest.fixture
def key_id(store):
    """An access key with all around it, so that each sealed column has a row."""
    session = store.session()
    project = store.project(session)
    made = turned.strategy(session, store.keyring, project, "billing-api")
    key = turned.key(session, made, None, KeyState.CREATED)
    key.secret_access_key = store.key.seal(b"example-secret", key.seal_place())
    key_id = key.id
    shared = SharedSession(id=new_id(), strategy_id=made.id, project_id=project.id, renew_at=START)
    shared.credentials = shared.sealed(store.key, "example-session")
    session.add(shared)
    named = {"project_id": project.id, "created_at": START, "created_by": "alice"}
    webhook = Webhook(id=new_id(), name="deploys", url="https://example.com", **named)
    webhook.give_secret(store.key)
    webhook.rotate_secret(store.key, timedelta(days=1), START)
    address = NoticeAddress(id=new_id(), name="team", **named)
    address.set_url(store.key, "mailtos://example.com")
    destination = Destination(id=new_id(), name="shop", kind="github", **named)
    destination.set_credential(store.key, "example-token")
    session.add_all([webhook, address, destination])
    session.commit()
    return key_id


@pytest.mark.parametrize(("model", "column"), SEALED, ids=lambda it: it if isinstance(it, str) else it.__tablename__)
def test_no_ciphertext_is_ever_empty(store, key_id, model, column):
    session = store.session()
    with pytest.raises(IntegrityError, match="not_empty"):
        session.execute(update(model).values(**{column: b""}))


@pytest.mark.parametrize(("model", "column"), SEALED[:3], ids=["projects", "connections", "secret_versions"])
def test_nor_is_it_missing(store, key_id, model, column):
    session = store.session()
    with pytest.raises(IntegrityError):
        session.execute(update(model).values(**{column: None}))


def test_every_sealed_column_is_known_here():
    columns = {
        (mapper.class_, column.name)
        for mapper in Base.registry.mappers
        for column in mapper.local_table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert columns == set(SEALED)


def test_a_value_moved_to_another_row_does_not_open(store):
    one, other = store.add("ONE", b"one"), store.add("OTHER", b"other")
    session = store.session()
    session.execute(
        text(
            "UPDATE secret_versions SET value = (SELECT value FROM secret_versions WHERE secret_id = :one) "
            "WHERE secret_id = :other"
        ),
        {"one": one, "other": other},
    )
    session.commit()
    assert store.secret(session, one).versions[0].open(store.key) == b"one"
    with pytest.raises(CannotOpenError):
        store.secret(session, other).versions[0].open(store.key)


def test_another_projects_key_does_not_open_it(store):
    session = store.session()
    other = create_project(session, store.keyring, "other", START)
    mine = create_secret(
        session, store.key, environment=store.environment(session), path="/", name="MINE", value=b"x", now=START,
        author="alice",
    )  # fmt: skip
    session.flush()
    assert mine.versions[0].open(store.key) == b"x"
    with pytest.raises(CannotOpenError):
        mine.versions[0].open(other.sealing_key(store.keyring))


def updates_of(store, act) -> list[str]:
    """The UPDATE statements that `act` sends."""
    sent = []
    listener = lambda *args: sent.append(args[2])  # noqa: E731
    event.listen(store.engine, "before_cursor_execute", listener)
    try:
        act()
    finally:
        event.remove(store.engine, "before_cursor_execute", listener)
    return [statement for statement in sent if statement.startswith("UPDATE")]


def test_who_changes_a_connections_words_leaves_its_key_alone(store, key_id):
    session = store.session()
    connection = session.scalars(select(Connection).options(defer(Connection.secret_access_key))).one()

    def change():
        change_connection(session, connection, "other-name", {"verify_rounds": 3})
        session.commit()

    updates = updates_of(store, change)
    assert len(updates) == 1
    assert "secret_access_key" not in updates[0]
    assert connection.open_secret(store.key) == "the manager's secret, for tests"


def test_a_masked_record_that_is_written_back_blanks_nothing(store, key_id):
    session = store.session()
    key = session.scalars(select(AccessKey).options(load_only(AccessKey.state, AccessKey.looks))).one()

    def write_back():
        key.looks, key.error_code = key.looks + 1, "throttled"
        session.merge(key)
        session.commit()

    updates = updates_of(store, write_back)
    assert len(updates) == 1
    assert "secret_access_key" not in updates[0]
    assert key.open_secret(store.key) == "example-secret"


def test_a_new_version_leaves_the_earlier_ones_alone(store):
    secret_id = store.add(value=b"first")
    session = store.session()
    secret = store.secret(session, secret_id)

    def write():
        write_secret(session, store.key, secret, b"second", now=START, author="bob", reason="edited")
        session.commit()

    assert [statement.split()[1] for statement in updates_of(store, write)] == ["secrets", "copies"]
    assert [version.open(store.key) for version in secret.versions] == [b"second", b"first"]


def test_the_wrong_master_key_is_told(store):
    with pytest.raises(MasterKeyError, match="isn't the one that this database was written under"):
        check_master_key(store.session(), Keyring(SealingKey(b"x" * 32)))


def test_the_right_master_key_is_taken(store):
    check_master_key(store.session(), store.keyring)


def test_a_new_database_takes_any_master_key(store):
    session = store.session()
    session.delete(store.project(session))
    check_master_key(session, Keyring(SealingKey(b"x" * 32)))
    session.rollback()
