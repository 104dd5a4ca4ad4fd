"""Adding secrets: all or none."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Secret
from models.secret import current_values
from models.vault import adding
from models.vault.adding import NameTakenError, NewSecret, add_secrets
from tests.fake_clock import START


def add(store, session, *new, environment="production"):
    return add_secrets(
        session,
        store.key,
        new,
        environment=store.environment(session, environment),
        path="/api",
        now=START,
        author="bob",
    )


def names(store):
    return list(store.reader().scalars(select(Secret.name).order_by(Secret.name)))


@pytest.mark.parametrize(
    "value", [b"", b" leading", b"two\nlines\r\n", "Grüße \N{KEY}".encode(), b"\x00\xff", b"x" * 65536]
)
def test_keeps_every_byte(store, value):
    session = store.session()
    (made,) = add(store, session, NewSecret("TOKEN", value, "a comment"))
    session.commit()
    assert current_values(store.reader(), store.key, [made.id]) == {made.id: value}
    assert (made.version, made.comment, made.versions[0].author) == (1, "a comment", "bob")


def test_none_when_one_is_taken(store):
    store.add("B")
    session = store.session()
    with pytest.raises(NameTakenError) as refusal:
        add(store, session, NewSecret("A", b""), NewSecret("B", b""))
    session.commit()
    assert (refusal.value.names, refusal.value.place) == (["B"], "production:/api")
    assert names(store) == ["B"]


def test_another_place_has_names_of_its_own(store):
    store.add("A", path="/other")
    store.add("A", environment="staging")
    session = store.session()
    add(store, session, NewSecret("A", b""))
    session.commit()
    assert names(store) == ["A", "A", "A"]


def test_tells_when_somebody_takes_it_at_the_same_moment(store, monkeypatch):
    look = adding.refuse_taken
    looks = []

    def late(session, environment, path, names):
        looks.append(1)
        if len(looks) > 1:
            look(session, environment, path, names)

    store.add("A")
    monkeypatch.setattr(adding, "refuse_taken", late)
    session = store.session()
    with pytest.raises(NameTakenError):
        add(store, session, NewSecret("A", b""), NewSecret("B", b""))
    session.commit()
    assert names(store) == ["A"]


def test_no_value_in_its_repr():
    assert "hush" not in repr(NewSecret("TOKEN", b"hush"))
