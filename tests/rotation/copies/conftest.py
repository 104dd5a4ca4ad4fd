from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Copy, Destination, Project, Secret
from models.audit import AuditEntry
from models.base import new_id
from models.copies.wanting import want_copy
from models.project import Environment
from models.secret import create_secret, write_secret
from rotation.copies.copying import Copier, copy_once
from rotation.copies.kinds import KINDS
from rotation.copies.store import Kind, Means, Setting
from rotation.when.sweep import sweep_once
from tests.rotation.copies.stores.aws_worlds import AWS_WORLDS
from tests.rotation.copies.stores.store_worlds import WORLDS, StoreWorld

NAMES = {"access_key_id": "AWS_ACCESS_KEY_ID", "secret_access_key": "AWS_SECRET_ACCESS_KEY"}
PATH = "/billing/api"


class Shelf:
    """A store in memory that does what a test tells it to."""

    def __init__(self) -> None:
        self.holds: dict[str, str] = {"FOREIGN": "theirs"}
        self.writes: list[list[str]] = []
        self.writes_whole = False
        self.before: Callable[[str], None] = lambda _name: None
        self.after: Callable[[str], None] = lambda _name: None
        self.means: list[Means] = []

    def make(self, means: Means) -> Shelf:
        self.means.append(means)
        return self

    def check(self) -> str:
        return "It is a shelf."

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:
        self.writes.append(sorted(values))
        for name, value in values.items():
            self.before(name)
            is_new = name not in self.holds
            self.holds[name] = value
            self.after(name)
            if is_new:
                made(name)

    def delete(self, names: Collection[str]) -> None:
        for name in names:
            self.before(name)
            self.holds.pop(name, None)


class Copying:
    """Copies of a world's secrets on a shelf."""

    def __init__(self, world, shelf: Shelf) -> None:
        self.world, self.shelf = world, shelf

    def destination(self, name: str = "shop") -> str:
        with self.world.new_session() as session, session.begin():
            project = session.scalars(select(Project)).one()
            made = Destination(
                id=new_id(), project_id=project.id, name=name, kind="shelf", settings={"place": "top"},
                created_at=self.world.clock.now(), created_by="alice",
            )  # fmt: skip
            made.set_credential(self.world.sealing_key, "example-credential")
            session.add(made)
            return made.id

    def add(self, destination_id: str | None = None, **columns) -> int:
        """A copy of the world's strategy, if `columns` say nothing else."""
        columns = columns or {"strategy_id": self.world.strategy_id, "names": NAMES}
        destination_id = destination_id or self.destination()
        with self.world.new_session() as session, session.begin():
            made = Copy(
                project_id=session.scalars(select(Project.id)).one(),
                destination_id=destination_id, next_at=self.world.clock.now(),
                created_at=self.world.clock.now(), created_by="alice", **columns,
            )  # fmt: skip
            session.add(made)
            session.flush()
            return made.id

    def sweep(self) -> list[bool | None]:
        """One sweep, and a worker at each copy that it found; what came of each."""
        with self.world.new_session() as session:
            due = sweep_once(session, self.world.clock.now()).copies
        return [self.work(copy_id) for copy_id, _ in due]

    def work(self, copy_id: int) -> bool | None:
        with self.world.new_session() as session:
            return copy_once(Copier(session, self.world.keyring, self.world.clock), copy_id)

    def want(self, copy_id: int) -> None:
        with self.world.new_session() as session, session.begin():
            want_copy(session, copy_id, self.world.clock.now())

    def remove(self, copy_id: int) -> None:
        """As a person does who has what Keyturn made there deleted."""
        with self.world.new_session() as session, session.begin():
            want_copy(session, copy_id, self.world.clock.now(), removing_at=self.world.clock.now())

    def edit(self, secret_id: int, deed: Callable[[Session, Secret], object]) -> None:
        with self.world.new_session() as session, session.begin():
            deed(session, session.get_one(Secret, secret_id))

    def change(self, secret_id: int, value: bytes) -> None:
        key, now = self.world.sealing_key, self.world.clock.now()
        self.edit(
            secret_id, lambda session, row: write_secret(session, key, row, value, now=now, author="bob", reason="edit")
        )

    def pair(self) -> dict[str, str]:
        """What a copy of the world's strategy is to hold."""
        pair = self.world.pair()
        return dict(zip(NAMES.values(), (pair.access_key_id, pair.secret_access_key), strict=True))

    def row(self, copy_id: int) -> Copy | None:
        with self.world.new_session() as session:
            return session.get(Copy, copy_id)

    def told(self) -> list[str]:
        """The actions of the audit log that copies left."""
        with self.world.new_session() as session:
            found = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            return [each.action for each in found if each.action.startswith("copy.")]


@pytest.fixture
def shelf(monkeypatch):
    made = Shelf()
    kind = Kind("shelf", "Shelf", "A shelf.", (Setting("place", "Place"),), made.make, credential_label="Key")
    monkeypatch.setitem(KINDS, "shelf", kind)
    return made


@pytest.fixture
def copying(world, shelf):
    return Copying(world, shelf)


@pytest.fixture
def sdk_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's SDK asks again at once."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))


@pytest.fixture(params=[*WORLDS, *AWS_WORLDS])
def store_world(request: pytest.FixtureRequest) -> Iterator[StoreWorld]:
    """A store of each kind in turn."""
    if request.param in AWS_WORLDS:
        request.getfixturevalue("sdk_waits_for_nothing")
        yield AWS_WORLDS[request.param](request.getfixturevalue("practice"))
        return
    with WORLDS[request.param]() as world:
        yield world


@pytest.fixture(params=WORLDS)
def http_world(request: pytest.FixtureRequest) -> Iterator[StoreWorld]:
    """A store of each kind that is asked without AWS's SDK."""
    with WORLDS[request.param]() as world:
        yield world


@pytest.fixture
def at_path(world):
    """What a copy of the world's path is of."""
    with world.new_session() as session:
        secret = session.get_one(Secret, world.strategy().access_key_secret_id)
        return {"environment_id": secret.environment_id, "path": PATH, "prefix": "BILLING_"}


@pytest.fixture
def add_secret(world, at_path):
    def add(name: str, value: bytes = b"first") -> int:
        with world.new_session() as session, session.begin():
            environment = session.get_one(Environment, at_path["environment_id"])
            made = create_secret(
                session, world.sealing_key, environment=environment, path=PATH, name=name, value=value,
                now=world.clock.now(), author="alice",
            )  # fmt: skip
            session.flush()
            return made.id

    return add
