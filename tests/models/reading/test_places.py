"""What lies where."""

from __future__ import annotations

from datetime import timedelta

from models.reading.places import folders, one_secret, open_first, search, secrets_at
from models.secret import write_secret
from tests.fake_clock import START


def at(store, path="/api", environment="production"):
    session = store.reader()
    return secrets_at(session, store.environment(session, environment), path)


def found(store, text):
    session = store.reader()
    return [(row.name, row.path) for row in search(session, store.environment(session), text)]


def test_only_the_path_itself_by_name(store):
    store.add("B")
    store.add("A")
    store.add("C", path="/api/jobs")
    store.add("D", environment="staging")
    assert [row.name for row in at(store)] == ["A", "B"]


def test_says_who_wrote_it_last(store):
    secret_id, session = store.add(), store.session()
    later = START + timedelta(hours=1)
    write_secret(
        session,
        store.key,
        store.secret(session, secret_id),
        b"",
        now=later,
        author="bob",
        reason="rotation 7",
        rotation_id=7,
    )
    session.commit()
    (row,) = at(store)
    assert (row.version, row.changed_at, row.author, row.rotation_id) == (2, later, "bob", 7)


def test_tells_the_empty_from_the_short(store):
    store.add("A", b"")
    store.add("B", b"x")
    assert [row.is_empty for row in at(store)] == [True, False]


def test_a_pair_stands_together(store):
    strategy_id, *_ = store.strategy()
    store.add("AWS_REGION", path="/billing/api")
    rows = at(store, "/billing/api")
    assert [(row.name, row.pair) for row in rows] == [
        ("AWS_ACCESS_KEY", "first"), ("AWS_SECRET_ACCESS_KEY", "second"), ("AWS_REGION", ""),
    ]  # fmt: skip
    assert [row.writer and row.writer.id for row in rows] == [strategy_id, strategy_id, None]
    assert rows[0].writer.next_at == START + timedelta(days=30)


def test_half_a_pair_stands_alone(store):
    store.strategy()
    session = store.reader()
    (row,) = search(session, store.environment(session), "secret_access")
    assert (row.name, row.pair) == ("AWS_SECRET_ACCESS_KEY", "")


def test_searches_all_paths_without_regard_to_case(store):
    store.add("AWS_REGION", path="/")
    store.add("MY_AWS", path="/deep/er")
    store.add("OTHER")
    store.add("AWS_X", environment="staging")
    assert found(store, "aws") == [("AWS_REGION", "/"), ("MY_AWS", "/deep/er")]


def test_search_takes_signs_as_they_are(store):
    store.add("A_B")
    store.add("AXB")
    assert found(store, "a_b") == [("A_B", "/api")]
    assert found(store, "%") == []


def test_folders(store):
    for path in ("/api/jobs/night", "/api/Jobs", "/apiary", "/api/hooks", "/API/other"):
        store.add(path=path)
    session = store.reader()
    environment = store.environment(session)
    assert folders(session, environment, "/api") == ["Jobs", "hooks", "jobs"]
    assert folders(session, environment, "/") == ["API", "api", "apiary"]
    assert folders(session, environment, "/api/hooks") == []


def test_opens_where_something_was_added_last(store):
    session = store.session()
    environment, path = open_first(session, store.project(session))
    assert (environment.name, path) == ("development", "/")
    session.commit()
    store.add(environment="staging")
    session = store.reader()
    environment, path = open_first(session, store.project(session))
    assert (environment.name, path) == ("staging", "/api")


def test_the_same_number_of_statements_for_more(store, count_statements):
    def look(session):
        environment = store.environment(session)
        secrets_at(session, environment, "/api")
        search(session, environment, "a")
        folders(session, environment, "/")

    store.add("A0")
    few = count_statements(look)
    for number in range(1, 20):
        store.add(f"A{number}", path=f"/api/{number % 3}")
    store.strategy()
    assert count_statements(look) == few


def test_one_secret(store):
    secret_id, session = store.add(comment="why"), store.reader()
    row = one_secret(session, store.secret(session, secret_id))
    assert (row.id, row.name, row.comment) == (secret_id, "TOKEN", "why")
