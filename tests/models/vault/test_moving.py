"""Moving secrets: all or none, and pairs together."""

from __future__ import annotations

import pytest

from models.project import create_project
from models.secret import create_secret, current_values
from models.vault import moving
from models.vault.adding import NameTakenError
from models.vault.moving import move_secrets
from tests.fake_clock import START


def move(store, *secret_ids, environment="production", path="/new"):
    session = store.session()
    try:
        moved = move_secrets(session, secret_ids, store.environment(session, environment), path, START)
        return [(secret.name, old) for secret, old in moved]
    finally:
        session.commit()


def place(store, secret_id):
    return store.secret(store.reader(), secret_id).place


def test_moves_and_still_opens(store):
    first, second = store.add("A"), store.add("B")
    assert move(store, first, second, environment="staging") == [("A", "production:/api"), ("B", "production:/api")]
    assert place(store, first) == place(store, second) == "staging:/new"
    assert current_values(store.reader(), store.key, [first]) == {first: b"first"}


def test_what_is_there_already_stays(store):
    assert move(store, store.add(), path="/api") == []


def test_a_pair_moves_together(store):
    _, first, second = store.strategy()
    assert move(store, second) == [
        ("AWS_ACCESS_KEY", "production:/billing/api"),
        ("AWS_SECRET_ACCESS_KEY", "production:/billing/api"),
    ]
    assert place(store, first) == "production:/new"


def test_none_when_a_name_is_taken(store):
    first, second = store.add("A"), store.add("B")
    store.add("B", path="/new")
    with pytest.raises(NameTakenError) as refusal:
        move(store, first, second)
    assert (refusal.value.names, refusal.value.place) == (["B"], "production:/new")
    assert place(store, first) == "production:/api"


def test_none_when_two_of_them_have_one_name(store):
    first, second = store.add("A"), store.add("A", path="/other")
    with pytest.raises(NameTakenError):
        move(store, first, second)
    assert place(store, first) == "production:/api"


def test_none_when_somebody_takes_the_name_at_the_same_moment(store, monkeypatch):
    first = store.add("A")
    store.add("A", path="/new")
    looks = []
    look = moving.refuse_taken
    monkeypatch.setattr(moving, "refuse_taken", lambda *args: look(*args) if looks else looks.append(1))
    with pytest.raises(NameTakenError):
        move(store, first)
    assert place(store, first) == "production:/api"


def test_another_projects_secrets_stay(store):
    session = store.session()
    other = create_project(session, store.keyring, "other", START)
    session.flush()
    theirs = create_secret(
        session, other.sealing_key(store.keyring), environment=other.environments[0], path="/", name="A", value=b"",
        now=START, author="charlie",
    )  # fmt: skip
    session.flush()
    secret_id = theirs.id
    session.commit()
    assert move(store, secret_id) == []
    assert place(store, secret_id) == "development:/"
