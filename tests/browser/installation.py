"""A Keyturn of the tests: `keyturn up` with real Redis, worker and scheduler, against practice AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from config import Config
from models import AccessKey, Ends, KeyState, Project, Rotation, RotationStrategy, User
from models.engine import open_database
from models.people import create_user
from models.project import create_project
from models.secret import current_values
from models.user import UserSession
from models.vault.adding import NewSecret
from practice.seed import PracticeAws, PracticeUser
from rotation.provider import KeyPair
from rotation.providers import provider_for
from rotation.reach.access import Access
from rotation.setup.checks import Target, check
from rotation.setup.strategies import NewConnection, Plan, Setup, create_strategy
from supervisor.prepare import prepare
from tests.processes.conftest import KEYTURN, environment
from tests.processes.processes import Run

PASSWORD = "four unrelated violet herons"
SHORT_TIMES = {"KEYTURN_SWEEP_PERIOD": "1", "KEYTURN_LAST_USE_LAG": "5", "KEYTURN_LAST_USE_POLL": "2"}


class Installation(Run):
    """A running Keyturn with its database. `people` are administrators who are there already."""

    def __init__(self, folder: Path, aws: PracticeAws, people: tuple[str, ...] = ()) -> None:
        self.aws = aws
        self.config = Config(instance=folder / "instance")
        engine, self.keyring = prepare(self.config)
        for name in people:
            _make_person(engine, name)
        engine.dispose()
        settings = {"AWS_ENDPOINT_URL": aws.endpoint_url, "KEYTURN_WEB_PROCESSES": "1", **SHORT_TIMES}
        super().__init__((*KEYTURN, "up"), folder / "log", environment(self.config.instance, **settings))
        self.url = self.line("Keyturn runs: ").rpartition(" ")[2]
        self.engine = open_database(self.config.database)

    def close(self) -> None:
        self.engine.dispose()
        super().close()

    def session(self) -> Session:
        """A session of the test's own."""
        return Session(self.engine, expire_on_commit=False)

    def make_person(self, name: str) -> None:
        """An administrator whose password is PASSWORD."""
        _make_person(self.engine, name)

    def make_project(self, name: str) -> str:
        """A project; returns its address."""
        with self.session() as session, session.begin():
            create_project(session, self.keyring, name, datetime.now(UTC))
        return f"/projects/{name}"

    def allow_age(self, project_name: str, days: int) -> None:
        """Let the project's keys be so old at most."""
        with self.session() as session, session.begin():
            session.execute(update(Project).where(Project.name == project_name).values(max_key_age_s=days * 86_400))

    def make_strategy(
        self,
        project_name: str,
        target: PracticeUser,
        manager: PracticeUser,
        *,
        secret: str = "",
        takes_over: bool = True,
    ) -> int:
        """A strategy whose secrets hold the target's first key. `secret`: another one for the manager's key."""
        pair = KeyPair(manager.key.access_key_id, secret or manager.key.secret_access_key)
        provider = provider_for("aws-iam", Access(pair, self.aws.region, self.aws.endpoint_url))
        report = check(provider, Target(target.user_name, held=target.key.access_key_id))
        with self.session() as session, session.begin():
            project = session.scalars(select(Project).where(Project.name == project_name)).one()
            now = datetime.now(UTC)
            setup = Setup(session, project.sealing_key(self.keyring), now, "ana", lambda *_, **__: None)
            plan = Plan(
                connection=NewConnection(f"by-{target.user_name}", pair, self.aws.region, verify_rounds=1),
                user_name=target.user_name,
                user_path=target.path,
                environment=next(one for one in project.environments if one.name == "production"),
                path=f"/{target.user_name}",
                access_key=NewSecret("AWS_ACCESS_KEY", target.key.access_key_id.encode()),
                secret_key=NewSecret("AWS_SECRET_ACCESS_KEY", target.key.secret_access_key.encode()),
                existing_key_id=target.key.access_key_id if takes_over else "",
                schedule=None,
                ends=Ends(),
            )
            return create_strategy(setup, plan, report).id

    def published(self, user_name: str) -> KeyPair:
        """What programs read of this target."""
        with self.session() as session:
            strategy = self._strategy(session, user_name)
            key = session.get_one(Project, strategy.project_id).sealing_key(self.keyring)
            ids = (strategy.access_key_secret_id, strategy.secret_key_secret_id)
            values = current_values(session, key, [number for number in ids if number])
            return KeyPair(*(values[number].decode() for number in ids if number))

    def caller(self, pair: KeyPair) -> str:
        """Whose key AWS says that this is. Raises ClientError where AWS refuses it."""
        return str(self.aws.client("sts", pair).get_caller_identity()["Arn"])

    def make_due(self, user_name: str) -> None:
        """Let the schedule's next time be now."""
        with self.session() as session, session.begin():
            self._strategy(session, user_name).due_at = datetime.now(UTC)

    def give_up_verifying(self, user_name: str) -> None:
        """Let the time in which a new key has to be accepted be over."""
        with self.session() as session, session.begin():
            session.execute(
                update(Rotation)
                .where(Rotation.strategy_id == self._strategy(session, user_name).id, Rotation.ended_at.is_(None))
                .values(verify_until=datetime.now(UTC))
            )

    def end_grace(self, user_name: str) -> None:
        """Let the grace of the old key be over, and its quiet time too."""
        with self.session() as session, session.begin():
            long_ago = datetime.now(UTC) - timedelta(days=60)
            session.execute(
                update(AccessKey)
                .where(AccessKey.strategy_id == self._strategy(session, user_name).id)
                .where(AccessKey.state == KeyState.RETIRING.value)
                .values(replaced_at=long_ago, retire_at=long_ago, look_at=long_ago)
            )

    def forget_password_of(self, user_name: str) -> None:
        """Let it be long ago that this person gave the password."""
        self.password_was_given(user_name, datetime.now(UTC) - timedelta(hours=1))

    def password_was_given(self, user_name: str, at: datetime) -> None:
        """Let it be then that this person gave the password, in each browser."""
        with self.session() as session, session.begin():
            user = session.scalars(select(User).where(User.name == user_name)).one()
            session.execute(update(UserSession).where(UserSession.user_id == user.id).values(password_at=at))

    def _strategy(self, session: Session, user_name: str) -> RotationStrategy:
        return session.scalars(select(RotationStrategy).where(RotationStrategy.user_name == user_name)).one()


def _make_person(engine: Engine, name: str) -> None:
    with Session(engine) as session, session.begin():
        create_user(session, name, PASSWORD, datetime.now(UTC), is_admin=True)
