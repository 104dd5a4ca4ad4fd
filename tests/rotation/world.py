"""The engine with all that it needs, driven one step at a time: no web, no queue, no real time."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from crypto import Keyring, SealingKey
from models import AccessKey, Base, Connection, KeyState, Rotation, RotationStrategy, Secret, Trigger
from models.base import new_id
from models.engine import open_database
from models.project import create_project
from models.secret import create_secret, current_values
from rotation import engine
from rotation.ending import retirement
from rotation.provider import KeyPair
from rotation.requests import OldKey, request_rotation
from rotation.setup.deletion import finish_deletion
from rotation.when.sweep import sweep_once
from rotation.work import Timing, Tools
from tests.databases.no_power_cut import care_for_no_power_cut
from tests.fake_clock import START, FakeClock
from tests.fake_provider import FakeProvider

T = TypeVar("T")

USER = "billing-api"
HOUR = 3600
DAY = 24 * HOUR

# Asked thousands of times: made once, and in one statement.
_PAIR = select(RotationStrategy.access_key_secret_id, RotationStrategy.secret_key_secret_id).where(
    RotationStrategy.id == bindparam("id")
)
_MOMENTS = select(
    *(
        select(func.min(column)).where(*conditions).scalar_subquery()
        for column, conditions in (
            (RotationStrategy.due_at, [RotationStrategy.paused_at.is_(None)]),
            (RotationStrategy.retry_at, [RotationStrategy.paused_at.is_(None)]),
            (Rotation.wait_until, [Rotation.ended_at.is_(None)]),
            (Rotation.lease_until, [Rotation.ended_at.is_(None)]),
            (AccessKey.look_at, []),
        )
    )
)


@dataclass(frozen=True)
class Saved:
    """A moment of a world, to go back to."""

    database: sqlite3.Connection
    aws: dict[str, Any]
    at: datetime
    more: dict[str, Any]


class World:
    """One strategy on a fake AWS, with a quiet time, a grace and a watch of a day and three rounds of verification.

    Old keys are deleted without being watched, for the manager may not deactivate them until a test allows it.

    `where`: the file of its SQLite, or the URL of an empty database.
    """

    def __init__(self, where: Path | str) -> None:
        self.clock = FakeClock()
        self.keyring = Keyring(SealingKey(b"k" * 32))
        self.db = open_database(where if isinstance(where, str) else f"sqlite:///{where}")
        care_for_no_power_cut(self.db)
        Base.metadata.create_all(self.db)
        self.session = self.new_session()
        self._begin()
        self._moments: dict[Callable[[World], Any], tuple[Saved, Any]] = {}

    def close(self) -> None:
        self.session.close()
        self.db.dispose()

    def new_session(self) -> Session:
        return Session(self.db, expire_on_commit=False)

    def save(self) -> Saved:
        """This moment, to go back to as often as wanted: faster than another world. On SQLite only."""
        database = sqlite3.connect(":memory:")
        with closing(self.db.raw_connection()) as connection:
            connection.driver_connection.backup(database)
        more = {"timing": self.timing, "strategy_id": self.strategy_id, "keyring": self.keyring}
        return Saved(database, self._copy(self.aws.__dict__), self.clock.now(), more)

    def go_back(self, saved: Saved) -> None:
        self.session.close()
        self.session = self.new_session()
        with closing(self.db.raw_connection()) as connection:
            saved.database.backup(connection.driver_connection)
        self.aws.__dict__.update(self._copy(saved.aws))
        self.clock.set(saved.at)
        self.__dict__.update(saved.more)

    def after(self, steps: Callable[[World], T]) -> T:
        """Be where `steps` lead from the first moment, by taking them once and going back to it; what they return."""
        if steps not in self._moments:
            came_to = steps(self)
            self._moments[steps] = (self.save(), came_to)
        saved, came_to = self._moments[steps]
        self.go_back(saved)
        return came_to

    def _copy(self, aws: dict[str, Any]) -> dict[str, Any]:
        return copy.deepcopy(aws, {id(self.clock): self.clock})

    def begin_anew(self) -> None:
        """At the first moment again, faster than in another world, which compiles all SQL anew. On PostgreSQL only."""
        self.session.close()
        names = ", ".join(table.name for table in Base.metadata.sorted_tables)
        with self.db.begin() as connection:
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        self._begin()

    def _begin(self) -> None:
        self.clock.set(START)
        self.aws = FakeProvider(self.clock, users=(USER,))
        self.aws.deny("deactivate_key")
        # Asked rarely and given up soon, so that a day, and a failure, go by in few steps.
        self.timing = Timing(last_use_poll_s=12 * HOUR, verify_within_s=20)
        self.strategy_id = self._seed()

    def _seed(self) -> int:
        session, now = self.session, self.clock.now()
        project = create_project(session, self.keyring, "payments", now)
        session.flush()
        key = self.sealing_key = project.sealing_key(self.keyring)
        connection = Connection(
            id=new_id(), project_id=project.id, name="prod-manager", access_key_id="AKIAEXAMPLEMANAGER00",
            region="eu-west-1", created_at=now, verify_rounds=3,
        )  # fmt: skip
        connection.set_secret(key, "example-manager-secret")
        secrets = [
            create_secret(
                session, key, environment=project.environments[2], path="/billing/api", name=name, value=b"changeme",
                now=now, author="alice",
            )
            for name in ("AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
        ]  # fmt: skip
        session.add(connection)
        session.flush()
        strategy = RotationStrategy(
            project_id=project.id, connection=connection, access_key_secret=secrets[0], secret_key_secret=secrets[1],
            created_at=now, created_by="alice",
        )  # fmt: skip
        strategy.set_target(USER, None)
        session.add(strategy)
        session.commit()
        return strategy.id

    # What a test changes

    def strategy(self) -> RotationStrategy:
        strategy = self.session.get_one(RotationStrategy, self.strategy_id, populate_existing=True)
        self.session.commit()
        return strategy

    def change(self, **values: Any) -> None:
        strategy = self.strategy()
        for name, value in values.items():
            setattr(strategy, name, value)
        self.session.commit()

    def hold_in_secrets(self, pair: KeyPair) -> None:
        """Put a pair into the two secrets, as a user does who had it before Keyturn."""
        from models.secret import write_secret

        strategy = self.strategy()
        for secret_id, value in (
            (strategy.access_key_secret_id, pair.access_key_id),
            (strategy.secret_key_secret_id, pair.secret_access_key),
        ):
            secret = self.session.get_one(Secret, secret_id)
            write_secret(
                self.session, self.sealing_key, secret, value.encode(), now=self.clock.now(), author="alice",
                reason="edited",
            )  # fmt: skip
        self.session.commit()

    # What users and workers do

    def request(self, trigger: Trigger = Trigger.BUTTON, old_key: OldKey = OldKey.WAIT) -> int:
        rotation, _ = request_rotation(
            self.session, self.strategy(), by="alice", trigger=trigger, now=self.clock.now(), old_key=old_key
        )
        self.session.commit()
        return rotation.id

    def run(self, rotation_id: int, owner: str = "worker-1") -> datetime | None:
        """One worker's turn, in a session of its own as in a process of its own."""
        with self.new_session() as session:
            return engine.run(self.tools(session, owner), rotation_id)

    def tools(self, session: Session, owner: str = "worker-1") -> Tools:
        return Tools(session, self.aws, self.keyring, self.clock, self.timing, owner)

    def finish(self, rotation_id: int) -> Rotation:
        """Let workers take their turns, and time go on in between, until the rotation has ended."""
        for _ in range(500):
            until = self.run(rotation_id)
            rotation = self.rotation(rotation_id)
            if not rotation.is_open:
                return rotation
            self.clock.set(max(until or self.clock.now(), self.clock.now() + timedelta(seconds=1)))
        raise AssertionError(f"rotation {rotation_id} never ended: {rotation.state}")

    def rotate(self, **options: Any) -> Rotation:
        return self.finish(self.request(**options))

    def look(self, key_id: str) -> datetime | None:
        with self.new_session() as session:
            return retirement.look(self.tools(session), key_id)

    def sweep(self) -> None:
        """One sweep, and workers that do all that it found."""
        with self.new_session() as session:
            due = sweep_once(session, self.clock.now())
        for rotation_id, _ in due.rotations:
            self.run(rotation_id)
        for key_id, _ in due.keys:
            self.look(key_id)
            with self.new_session() as session:
                finish_deletion(session, self.strategy_id)
                session.commit()

    def pass_time(self, seconds: float) -> None:
        """Let time go by, with a sweep now and a second after each moment at which something is due."""
        end = self.clock.now() + timedelta(seconds=seconds)
        self.sweep()
        while self.clock.now() < end:
            self.clock.set(min(end, max(self._next_moment(), self.clock.now()) + timedelta(seconds=1)))
            self.sweep()

    def _next_moment(self) -> datetime:
        """The earliest moment that the database waits for."""
        moments = self.session.execute(_MOMENTS).one()
        self.session.commit()
        return min((moment for moment in moments if moment is not None), default=self.clock.now() + timedelta(days=1))

    # What a test looks at

    def rotation(self, rotation_id: int) -> Rotation:
        rotation = self.session.get_one(Rotation, rotation_id, populate_existing=True)
        self.session.commit()
        return rotation

    def rotations(self) -> list[Rotation]:
        rows = self.session.scalars(select(Rotation).order_by(Rotation.id).execution_options(populate_existing=True))
        found = list(rows)
        self.session.commit()
        return found

    def access_keys(self, *states: KeyState) -> list[AccessKey]:
        query = select(AccessKey).order_by(AccessKey.intent_at).execution_options(populate_existing=True)
        found = [key for key in self.session.scalars(query) if not states or key.state in states]
        self.session.commit()
        return found

    def pair(self) -> KeyPair:
        """What a consumer reads: both secrets in one call."""
        self.session.commit()
        with self.new_session() as session:
            first, second = session.execute(_PAIR, {"id": self.strategy_id}).one()
            values = current_values(session, self.sealing_key, [first, second])
        return KeyPair(values[first].decode(), values[second].decode())

    def consumer_call_works(self) -> bool:
        """Whether AWS accepts the pair that a consumer reads now."""
        return self.aws.accepts(self.pair())

    def versions(self) -> list[int]:
        secrets = self.session.scalars(
            select(Secret).order_by(Secret.id).execution_options(populate_existing=True)
        ).all()
        self.session.commit()
        return [secret.version for secret in secrets]
