"""Changing a secret: nobody's change is lost unseen, and a strategy's secret isn't changed by people."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from models import RotationStrategy, Secret
from models.secret import StaleSecretError, current_values
from models.vault import editing
from models.vault.adding import NameTakenError
from models.vault.editing import Change, Seen, change_secret, delete_secret, find_version, restore_version
from models.vault.writers import WrittenByStrategyError
from tests.fake_clock import START


def change(store, session, secret_id, seen=None, *, name="TOKEN", comment="", value=None):
    secret = store.secret(session, secret_id)
    seen = seen or Seen.of(secret)
    try:
        return change_secret(
            session, store.key, secret, seen, Change(name, comment, value), now=START, author="bob"
        )  # fmt: skip
    finally:
        session.commit()


def value_of(store, secret_id):
    return current_values(store.reader(), store.key, [secret_id])[secret_id]


def test_a_new_value_is_a_new_version(store):
    secret_id, session = store.add(), store.session()
    assert change(store, session, secret_id, value=b"second") == ["value"]
    secret = store.secret(session, secret_id)
    assert [(each.number, each.author, each.reason) for each in secret.versions] == [
        (2, "bob", "edited"),
        (1, "alice", "created"),
    ]
    assert value_of(store, secret_id) == b"second"


def test_name_and_comment_make_no_version(store):
    secret_id, session = store.add(), store.session()
    assert change(store, session, secret_id, name="KEY", comment="new") == ["name", "comment"]
    secret = store.secret(session, secret_id)
    assert (secret.name, secret.comment, secret.version) == ("KEY", "new", 1)


def test_nothing_changed_is_nothing(store):
    secret_id = store.add()
    assert change(store, store.session(), secret_id) == []


def test_an_empty_value_is_a_value(store):
    secret_id = store.add()
    assert change(store, store.session(), secret_id, value=b"") == ["value"]
    assert value_of(store, secret_id) == b""


def test_an_edit_of_an_older_version_is_told(store):
    secret_id, session = store.add(), store.session()
    seen = Seen.of(store.secret(session, secret_id))
    session.commit()
    change(store, store.session(), secret_id, value=b"theirs")
    with pytest.raises(StaleSecretError):
        change(store, session, secret_id, seen, value=b"mine")
    assert value_of(store, secret_id) == b"theirs"


def test_an_edit_of_an_older_comment_is_told(store):
    secret_id, session = store.add(comment="old"), store.session()
    seen = Seen.of(store.secret(session, secret_id))
    session.commit()
    change(store, store.session(), secret_id, comment="theirs")
    with pytest.raises(StaleSecretError):
        change(store, session, secret_id, seen, comment="mine")
    assert store.secret(session, secret_id).comment == "theirs"


def test_changes_of_different_things_both_hold(store):
    secret_id, session = store.add(comment="old"), store.session()
    seen = Seen.of(store.secret(session, secret_id))
    session.commit()
    change(store, store.session(), secret_id, comment="theirs")
    assert change(store, session, secret_id, seen, comment="old", value=b"mine") == ["value"]
    assert (store.secret(session, secret_id).comment, value_of(store, secret_id)) == ("theirs", b"mine")


def test_a_taken_name_is_told(store):
    store.add("OTHER")
    secret_id = store.add()
    session = store.session()
    with pytest.raises(NameTakenError) as refusal:
        change(store, session, secret_id, name="OTHER", value=b"second")
    assert refusal.value.place == "production:/api"
    assert store.secret(session, secret_id).version == 1


def test_brings_an_earlier_version_back_as_a_new_one(store):
    secret_id, session = store.add(), store.session()
    change(store, session, secret_id, value=b"second")
    restore_version(session, store.key, store.secret(session, secret_id), 1, 2, now=START, author="bob")
    session.commit()
    assert value_of(store, secret_id) == b"first"
    assert find_version(session, store.secret(session, secret_id), 3).reason == "version 1 brought back"


@pytest.mark.parametrize(
    ("number", "seen", "refusal"), [(1, 1, StaleSecretError), (7, 2, LookupError), (2, 2, LookupError)]
)
def test_brings_nothing_else_back(store, number, seen, refusal):
    secret_id, session = store.add(), store.session()
    change(store, session, secret_id, value=b"second")
    with pytest.raises(refusal):
        restore_version(session, store.key, store.secret(session, secret_id), number, seen, now=START, author="bob")
    session.commit()
    assert store.secret(session, secret_id).version == 2


def test_deletes_with_all_versions(store):
    secret_id, session = store.add(), store.session()
    change(store, session, secret_id, value=b"second")
    delete_secret(session, store.secret(session, secret_id), START)
    session.commit()
    assert session.get(Secret, secret_id) is None


def test_a_strategys_secret_keeps_value_versions_and_life(store):
    strategy_id, first, second = store.strategy()
    session = store.session()
    for act in (
        lambda secret: change_secret(
            session, store.key, secret, Seen.of(secret), Change(secret.name, "", b"x"), now=START, author="bob"
        ),
        lambda secret: restore_version(session, store.key, secret, 1, 1, now=START, author="bob"),
        lambda secret: delete_secret(session, secret, START),
    ):
        for secret_id in (first, second):
            with pytest.raises(WrittenByStrategyError) as refusal:
                act(store.secret(session, secret_id))
            session.rollback()
            assert (refusal.value.writer.id, refusal.value.writer.user_name) == (strategy_id, "billing-api")
    assert value_of(store, first) == b"placeholder"


def test_a_strategys_secret_takes_name_and_comment(store):
    _, first, _ = store.strategy()
    session = store.session()
    seen = Seen.of(store.secret(session, first))
    assert change(store, session, first, seen, name="KEY_ID", comment="of billing") == ["name", "comment"]


def test_the_database_refuses_when_a_strategy_came_in_between(store, monkeypatch):
    _, first, _ = store.strategy()
    monkeypatch.setattr(editing, "refuse_written", lambda *_: None)
    session = store.session()
    with pytest.raises(WrittenByStrategyError) as refusal:
        delete_secret(session, store.secret(session, first), START)
    session.commit()
    assert refusal.value.writer.user_name == "billing-api"
    assert session.get(Secret, first) is not None


def test_a_change_waits_for_who_holds_the_row(store):
    """Two at once: the second sees what the first wrote, and is told."""
    secret_id = store.add()
    mine, theirs = store.session(), store.session()
    seen = Seen.of(store.secret(mine, secret_id))
    mine.commit()
    editing.lock(theirs, store.secret(theirs, secret_id))
    outcome, begun = [], Event()

    def edit():
        begun.set()
        try:
            outcome.append(change(store, mine, secret_id, seen, value=b"mine"))
        except StaleSecretError:
            outcome.append("told")

    thread = Thread(target=edit)
    thread.start()
    begun.wait()
    change(store, theirs, secret_id, value=b"theirs")
    thread.join()
    assert (outcome, value_of(store, secret_id)) == (["told"], b"theirs")


def test_a_strategy_still_names_its_secrets(store):
    strategy_id, first, _ = store.strategy()
    assert store.reader().get_one(RotationStrategy, strategy_id).access_key_secret_id == first
