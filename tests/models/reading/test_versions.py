"""The history of a secret."""

from __future__ import annotations

from datetime import timedelta

from models import KeyState, RotationStrategy
from models.reading.versions import read_versions
from models.secret import write_secret
from tests import turned
from tests.fake_clock import START


def write(store, session, secret_id, value, **more):
    facts = {"author": "bob", "reason": "edited", **more}
    write_secret(session, store.key, store.secret(session, secret_id), value, now=START, **facts)


def test_newest_first_a_page_at_a_time(store):
    secret_id, session = store.add(value=b""), store.session()
    for _ in range(3):
        write(store, session, secret_id, b"x")
    secret = store.secret(session, secret_id)
    shown, older = read_versions(session, secret, 3)
    assert ([row.number for row in shown], older) == ([4, 3, 2], 2)
    assert [row.is_current for row in shown] == [True, False, False]
    shown, older = read_versions(session, secret, 3, older)
    assert ([(row.number, row.is_empty, row.reason) for row in shown], older) == ([(1, True, "created")], None)


def test_says_whose_key_it_was_and_whether_that_lives(store):
    strategy_id, first, _ = store.strategy()
    session = store.session()
    strategy = session.get_one(RotationStrategy, strategy_id)
    rotation = turned.succeeded(session, strategy, at=START - timedelta(days=1))
    write(store, session, first, b"AKIAEXAMPLE2T7Q4FVKD", reason=f"rotation {rotation.id}", rotation_id=rotation.id)
    write(store, session, first, b"x", reason="rotation 4711", rotation_id=4711)
    gone, made, placeholder = read_versions(session, store.secret(session, first), 9)[0]
    assert (made.rotation_id, made.is_linked, made.key_state) == (rotation.id, True, KeyState.ACTIVE.value)
    assert made.access_key_id.startswith("AKIA")
    assert (gone.is_linked, gone.key_state, placeholder.rotation_id) == (False, None, None)
