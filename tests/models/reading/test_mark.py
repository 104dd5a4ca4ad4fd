"""The mark of the database's state: the same only while nothing was committed."""

from __future__ import annotations

from threading import Thread

from models.reading.mark import DatabaseMark


def test_it_stays_while_nothing_is_committed(store):
    store.add("FIRST")
    mark = DatabaseMark(store.engine)
    first = mark.read()
    assert first is not None
    store.reader()
    assert mark.read() == first


def test_each_commit_changes_it(store):
    mark = DatabaseMark(store.engine)
    seen = [mark.read()]
    for name in ("FIRST", "SECOND", "THIRD"):
        store.add(name)
        seen.append(mark.read())
    assert len(set(seen)) == len(seen)


def test_what_isnt_committed_doesnt_go_unseen_later(store):
    """A transaction that was open at the first look and is committed by the second."""
    secret_id = store.add("FIRST")
    session = store.session()
    session.connection()
    store.secret(session, secret_id).comment = "changed"
    session.flush()
    mark = DatabaseMark(store.engine)
    before = mark.read()
    session.commit()
    assert mark.read() != before


def test_threads_share_it(store):
    mark = DatabaseMark(store.engine)
    seen = []
    threads = [Thread(target=lambda: seen.extend(mark.read() for _ in range(20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 80
    assert len(set(seen)) == 1


def test_a_database_that_cannot_be_asked_has_none(store):
    mark = DatabaseMark(store.engine)
    mark.read()
    mark._connection.close()
    assert mark.read() is None
    assert mark.read() is not None, "it is connected to anew"
