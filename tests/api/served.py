"""Keyturn over HTTP with practice AWS behind it: real time, real sockets, an engine that a test drives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app import create_app
from config import Config
from crypto import Keyring
from database import db
from models import Base, Connection, HandsOut, Project, Rotation, RotationStrategy, ServiceToken, Trigger
from models.base import new_id
from models.engine import open_database
from models.project import create_project
from models.secret import Secret, create_secret, current_values
from practice.seed import PracticeAws
from rotation import engine
from rotation.aws.iam import AwsIam
from rotation.clock import DatabaseClock
from rotation.ending import retirement
from rotation.programs.sessions import fetch, want_session
from rotation.reach.access import Access
from rotation.requests import request_rotation
from rotation.when.sweep import sweep_once
from rotation.work import Timing, Tools
from tests.api import programs
from tests.practice_aws import new_name

LIFE_S, MARGIN_S = 4, 1


class Served:
    """One strategy whose old keys end as soon as programs let them, and a program's token for it."""

    def __init__(self, folder: Path, aws: PracticeAws, hands_out: HandsOut) -> None:
        self.aws, self.clock = aws, DatabaseClock()
        self.config = Config(instance=folder, aws_endpoint_url=aws.endpoint_url, handed_margin_s=MARGIN_S)
        self.app = create_app(self.config)
        self.keyring: Keyring = self.app.extensions["keyturn"].keyring
        with self.app.app_context():
            Base.metadata.create_all(db.engine)
        self.db = open_database(self.config.database)
        self.manager, self.user = new_name("keyturn-manager"), new_name("billing-api")
        self.pair = aws.make_manager(self.manager).key
        aws.make_target(self.user, with_key=False)
        self.strategy_id, self.token = self._seed(hands_out)

    def _seed(self, hands_out: HandsOut) -> tuple[int, str]:
        with self.session() as session:
            now = self.clock.now()
            project = create_project(session, self.keyring, "payments", now)
            session.flush()
            key = project.sealing_key(self.keyring)
            connection = Connection(
                id=new_id(), project_id=project.id, name="manager", access_key_id=self.pair.access_key_id,
                region=self.aws.region, created_at=now, verify_rounds=3, verify_gap_s=0,
            )  # fmt: skip
            connection.set_secret(key, self.pair.secret_access_key)
            first, second = (
                create_secret(
                    session, key, environment=project.environments[2], path="/", name=name, value=b"changeme", now=now,
                    author="alice",
                )
                for name in ("AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
            )  # fmt: skip
            strategy = RotationStrategy(
                project_id=project.id, connection=connection, access_key_secret=first, secret_key_secret=second,
                created_at=now, created_by="alice", grace_s=0, quiet_s=0, watch_s=0, hands_out=hands_out.value,
                handed_s=LIFE_S if hands_out is HandsOut.KEY else 900,
            )  # fmt: skip
            strategy.set_target(self.user, None)
            session.add_all([connection, strategy])
            session.flush()
            _, text = programs.token(session, strategy)
            want_session(session, strategy, now)
            session.commit()
            return strategy.id, text

    def give_right(self, **rights: bool) -> None:
        """Give the program's token these rights."""
        with self.session() as session:
            for name, value in rights.items():
                setattr(session.query(ServiceToken).one(), name, value)
            session.commit()

    def pair_in_secrets(self) -> dict[str, str]:
        """What the two secrets hold now, by name."""
        with self.session() as session:
            key = session.query(Project).one().sealing_key(self.keyring)
            by_id = {secret.id: secret.name for secret in session.query(Secret)}
            return {by_id[each]: value.decode() for each, value in current_values(session, key, list(by_id)).items()}

    def session(self) -> Session:
        return Session(self.db, expire_on_commit=False)

    def work(self) -> None:
        """One sweep, and a worker that does all that it found."""
        with self.session() as session:
            timing = Timing(last_use_lag_s=0, last_use_poll_s=1, handed_margin_s=MARGIN_S)
            provider = AwsIam(Access(self.pair, self.aws.region, self.aws.endpoint_url))
            tools = Tools(session, provider, self.keyring, self.clock, timing)
            due = sweep_once(session, self.clock.now())
            for rotation_id, _ in due.rotations:
                engine.run(tools, rotation_id)
            for key_id, _ in due.keys:
                retirement.look(tools, key_id)
            for strategy_id, _ in due.sessions:
                fetch(tools, strategy_id)

    def rotate(self) -> None:
        """Turn the key, waiting as long as an old one has to live."""
        with self.session() as session:
            strategy = session.get_one(RotationStrategy, self.strategy_id)
            rotation, _ = request_rotation(session, strategy, by="alice", trigger=Trigger.BUTTON, now=self.clock.now())
            session.commit()
        ended = False
        until = time.monotonic() + 60
        while not ended and time.monotonic() < until:
            self.work()
            with self.session() as session:
                found = session.get_one(Rotation, rotation.id)
                ended = found.ended_at is not None
                assert not found.error_code
            time.sleep(0.1)
        assert ended

    @contextmanager
    def over_http(self, port: int = 0) -> Iterator[str]:
        """The address of its credentials, while it is served."""
        server = make_server("127.0.0.1", port, self.app, threaded=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.port}/v1/credentials/{self.strategy_id}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            self.db.dispose()
            with self.app.app_context():
                db.engine.dispose()
