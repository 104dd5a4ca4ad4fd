"""A project in a database of each kind, and sessions of several people at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from crypto import Keyring, SealingKey
from models import Base, Environment, Project, Secret
from models.engine import READ_ONLY, open_database
from models.project import create_project
from models.secret import create_secret
from tests import turned
from tests.databases.fixtures import new_database
from tests.databases.no_power_cut import care_for_no_power_cut
from tests.fake_clock import START


@dataclass
class Store:
    """A project `payments` with its secrets."""

    engine: Engine
    project_id: str
    keyring: Keyring
    key: SealingKey
    sessions: list[Session] = field(default_factory=list)

    def session(self) -> Session:
        """A session of a person's own, closed after the test. On SQLite one of them writes at a time."""
        self.sessions.append(Session(self.engine))
        return self.sessions[-1]

    def reader(self) -> Session:
        """A session that only looks."""
        self.sessions.append(Session(self.engine.execution_options(**{READ_ONLY: True})))
        return self.sessions[-1]

    def project(self, session: Session) -> Project:
        return session.get_one(Project, self.project_id)

    def environment(self, session: Session, name: str = "production") -> Environment:
        return next(each for each in self.project(session).environments if each.name == name)

    def add(
        self, name: str = "TOKEN", value: bytes = b"first", path: str = "/api", environment: str = "production", **more
    ) -> int:
        """A secret; returns its id."""
        with Session(self.engine, expire_on_commit=False) as session:
            made = create_secret(
                session, self.key, environment=self.environment(session, environment), path=path, name=name,
                value=value, now=START, author="alice", **more,
            )  # fmt: skip
            session.commit()
            return made.id

    def strategy(self, user_name: str = "billing-api", path: str = "/billing/api") -> tuple[int, int, int]:
        """A strategy with its two secrets; returns the three ids."""
        with Session(self.engine) as session:
            made = turned.strategy(session, self.keyring, self.project(session), user_name, path=path)
            session.commit()
            return made.id, made.access_key_secret_id, made.secret_key_secret_id

    def secret(self, session: Session, secret_id: int) -> Secret:
        return session.get_one(Secret, secret_id, populate_existing=True)


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of each kind with empty tables, one for all tests of this folder."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path_factory.mktemp('models') / 'keyturn.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(new_database(request.getfixturevalue("postgres_server")))
        engine = open_database(url)
        care_for_no_power_cut(engine)
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    keyring = Keyring(SealingKey(b"k" * 32))
    with Session(engine) as session:
        project = create_project(session, keyring, "payments", START)
        session.commit()
        made = Store(engine, project.id, keyring, project.sealing_key(keyring))
    yield made
    for session in made.sessions:
        session.close()
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture
def count_statements(store: Store) -> Callable[[Callable[[Session], object]], int]:
    """How many statements something takes in a fresh session."""

    def count(action: Callable[[Session], object]) -> int:
        sent = []
        listener = lambda *args: sent.append(args[2])  # noqa: E731
        event.listen(store.engine, "before_cursor_execute", listener)
        try:
            with Session(store.engine) as session:
                action(session)
        finally:
            event.remove(store.engine, "before_cursor_execute", listener)
        return len(sent)

    return count
