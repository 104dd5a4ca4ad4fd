"""A Keyturn with one strategy at practice AWS, for processes of its own, and a consumer that reads its pair."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import Keyring
from models import AccessKey, Connection, KeyState, Project, Rotation, RotationStrategy
from models.base import new_id
from models.engine import READ_ONLY, open_database
from models.project import create_project
from models.secret import create_secret, current_values
from practice.seed import PracticeAws, PracticeUser
from rotation.provider import KeyPair
from tests.crash.people import OTHER_PATH
from tests.practice_aws import new_name

MASTER_KEY = base64.b64encode(b"k" * 32).decode()
PATH = "/billing"
DAY = timedelta(days=1)


class Installation:
    """The strategy's user has a published key; with `old_key` also one whose time to retire has come."""

    def __init__(self, folder: Path, empty: Path, aws: PracticeAws, manager: PracticeUser, *, old_key: bool) -> None:
        folder.mkdir(mode=0o700)
        shutil.copy(empty, folder / "keyturn.db")
        self.aws, self.manager = aws, manager
        self.user = aws.make_target(new_name("billing-api"), path="/apps/", with_key=False).user_name
        self.env = {
            "KEYTURN_INSTANCE": str(folder), "KEYTURN_MASTER_KEY": MASTER_KEY, "AWS_ENDPOINT_URL": aws.endpoint_url,
            "KEYTURN_LAST_USE_LAG": "0", "KEYTURN_LOG_LEVEL": "ERROR",
        }  # fmt: skip
        self.keyring = Keyring.from_text(MASTER_KEY)
        self.engine = open_database(f"sqlite:///{folder / 'keyturn.db'}").execution_options(**{READ_ONLY: True})
        with Session(self.engine.execution_options(**{READ_ONLY: False})) as session:
            self._seed(session, old_key=old_key)
            session.commit()

    def session(self) -> Session:
        """To read with, beside the processes."""
        return Session(self.engine)

    def pair(self) -> KeyPair | None:
        """What a consumer reads: both secrets in one call, where the strategy writes them; None once that is gone."""
        with self.session() as session:
            strategy = session.scalar(select(RotationStrategy))
            if strategy is None or strategy.deleting_at is not None:
                return None
            ids = [strategy.access_key_secret_id or 0, strategy.secret_key_secret_id or 0]
            key = session.get_one(Project, strategy.project_id).sealing_key(self.keyring)
            values = current_values(session, key, ids)
            return KeyPair(values[ids[0]].decode(), values[ids[1]].decode())

    def rows(self, kind: type) -> list:
        """All rows of a table, as they are now."""
        with self.session() as session:
            return list(session.scalars(select(kind)))

    def lost(self) -> list[AccessKey]:
        """The keys that are told as lost."""
        return [key for key in self.rows(AccessKey) if key.state == KeyState.LOST.value]

    def keys_at_aws(self) -> set[str]:
        """The user's access key IDs, as the account's owner lists them."""
        return {row["AccessKeyId"] for row in self.aws.iam.list_access_keys(UserName=self.user)["AccessKeyMetadata"]}

    @contextmanager
    def consumer(self) -> Iterator[list[str]]:
        """A program that calls AWS with the pair as it reads it, again and again. Gives what was refused."""
        refused: list[str] = []
        ended = threading.Event()
        client = cache(partial(self.aws.client, "sts"))

        def consume() -> None:
            while not ended.wait(0.05):
                pair = self.pair()
                if pair is not None:
                    try:
                        client(pair).get_caller_identity()
                    except Exception as error:  # noqa: BLE001 - whatever it is, the program has failed
                        refused.append(f"{pair.access_key_id}: {error}")

        thread = threading.Thread(target=consume)
        thread.start()
        try:
            yield refused
        finally:
            ended.set()
            thread.join()

    def _seed(self, session: Session, *, old_key: bool) -> None:
        now = datetime.now(UTC)
        project = create_project(session, self.keyring, "payments", now - 30 * DAY)
        session.flush()
        key = project.sealing_key(self.keyring)
        connection = Connection(
            id=new_id(), project_id=project.id, name="prod-manager", access_key_id=self.manager.key.access_key_id,
            region=self.aws.region, account_id=self.aws.account_id, manager=f"user/{self.manager.user_name}",
            created_at=now, verify_rounds=2, verify_gap_s=0,
        )  # fmt: skip
        connection.set_secret(key, self.manager.key.secret_access_key)
        old = self.aws.make_key(self.user) if old_key else None
        pair = self.aws.make_key(self.user)
        secrets = [
            create_secret(
                session, key, environment=project.environments[0], path=path, name=name, value=value.encode(),
                now=now, author="alice",
            )
            for path in (PATH, OTHER_PATH)
            for name, value in (("ID", pair.access_key_id), ("SECRET", pair.secret_access_key))
        ]  # fmt: skip
        strategy = RotationStrategy(
            project_id=project.id, connection=connection, access_key_secret=secrets[0], secret_key_secret=secrets[1],
            created_at=now, created_by="alice", interval_s=int(30 * DAY.total_seconds()), due_at=now + 30 * DAY,
            watch_s=1,
        )  # fmt: skip
        strategy.set_target(self.user, self.aws.account_id)
        session.add_all([connection, strategy])
        session.flush()
        if old:
            self._add_key(session, strategy, old, KeyState.RETIRING, now - 20 * DAY)
        self._add_key(session, strategy, pair, KeyState.ACTIVE, now - 10 * DAY)

    def _add_key(
        self, session: Session, strategy: RotationStrategy, pair: KeyPair, state: KeyState, since: datetime
    ) -> None:
        rotation = Rotation(
            project_id=strategy.project_id, strategy_id=strategy.id, state="succeeded", trigger="button",
            requested_by="alice", requested_at=since, ended_at=since,
        )  # fmt: skip
        session.add(rotation)
        session.flush()
        key = AccessKey(
            id=new_id(), project_id=strategy.project_id, strategy_id=strategy.id, rotation_id=rotation.id,
            state=state.value, access_key_id=pair.access_key_id, intent_at=since, created_at=since, published_at=since,
        )  # fmt: skip
        sealing = session.get_one(Project, strategy.project_id).sealing_key(self.keyring)
        key.secret_access_key = sealing.seal(pair.secret_access_key.encode(), key.seal_place())
        rotation.access_key_id = key.id
        if state is KeyState.RETIRING:
            key.replaced_at, key.retire_at, key.look_at = since + 10 * DAY, since + 11 * DAY, since + 11 * DAY
        session.add(key)
