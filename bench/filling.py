"""Strategies and secrets in a database, written directly: nothing here is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, SimpleNamespace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bench.running import Instance, instance
from crypto import SealingKey
from models import AccessKey, Connection, Environment, Project, Rotation, RotationStrategy, Secret, ServiceToken
from models.base import new_id
from models.programs.token import give
from models.project import create_project
from models.secret import create_secret
from practice.seed import PracticeAws
from rotation.provider import KeyPair

PROJECT = "bench"
_MONTH_S = 30 * 86_400


def users(number: int) -> list[str]:
    """The names of so many targets."""
    return [f"user-{count:04}" for count in range(number)]


def make_users(aws: PracticeAws, number: int) -> KeyPair:
    """So many targets without keys at practice AWS, and a manager of theirs, whose key is returned."""
    for name in users(number):
        aws.make_target(name, with_key=False)
    return aws.make_manager("manager").key


@contextmanager
def with_strategies(
    aws: PracticeAws,
    number: int,
    *,
    secrets: int = 0,
    connections: int = 1,
    verify: Mapping[str, Any] = MappingProxyType({}),
    **settings: str,
) -> Iterator[Instance]:
    """An instance with so many strategies, none of them due, and so many secrets besides theirs.

    They are spread over the connections. `verify`: the connections' columns that say how a new key is verified.
    """
    manager = make_users(aws, number)
    with instance(AWS_ENDPOINT_URL=aws.endpoint_url, **settings) as at:
        with Session(at.engine) as session, session.begin():
            project = create_project(session, at.keyring, PROJECT, datetime.now(UTC))
            session.flush()
            key = project.sealing_key(at.keyring)
            made = [_connection(project, key, aws, manager, verify, f"bench-{count}") for count in range(connections)]
            for count, name in enumerate(users(number)):
                session.add(_strategy(session, project, key, made[count % connections], name))
            for count in range(secrets):
                _secret(session, project, key, "/", f"SECRET_{count:04}")
        yield at


def fill_many(at: Instance, number: int) -> None:
    """So many further strategies, each with a rotation and two keys of its past, in the project, which may be new.

    They have no secrets and no users at AWS: nothing of them is due.
    """
    now = datetime.now(UTC)
    later = now + timedelta(days=20)
    with Session(at.engine) as session, session.begin():
        project = session.scalar(select(Project).where(Project.name == PROJECT))
        project = project or create_project(session, at.keyring, PROJECT, now)
        session.flush()
        nowhere = SimpleNamespace(region="eu-west-1", account_id="111122223333")
        key = project.sealing_key(at.keyring)
        connection = _connection(project, key, nowhere, KeyPair("AKIAEXAMPLEMANAGER00", "of nobody"), {}, "resting")
        session.add(connection)
        session.flush()
        strategy = {
            "project_id": project.id, "connection_id": connection.id, "interval_s": _MONTH_S, "created_at": now,
            "created_by": "bench", "due_at": later,
        }  # fmt: skip
        named = [{**strategy, "user_name": f"resting-{count:05}"} for count in range(number)]
        ids = session.scalars(insert(RotationStrategy).returning(RotationStrategy.id), named).all()
        rotation = {
            "project_id": project.id, "trigger": "schedule", "requested_by": "schedule", "requested_at": now,
            "state": "succeeded", "started_at": now, "ended_at": now,
        }  # fmt: skip
        session.execute(insert(Rotation), [{**rotation, "strategy_id": each} for each in ids])
        kept = {"project_id": project.id, "access_key_id": "AKIAEXAMPLE2T7Q4FVKD", "intent_at": now, "look_at": later}
        keys = [
            {**kept, "id": new_id(), "strategy_id": each, "state": state}
            for each in ids for state in ("active", "retiring")
        ]  # fmt: skip
        session.execute(insert(AccessKey), keys)


def _connection(
    project: Project, key: SealingKey, aws: Any, manager: KeyPair, verify: Mapping[str, Any], name: str
) -> Connection:  # fmt: skip
    connection = Connection(
        id=new_id(),
        project_id=project.id,
        name=name,
        access_key_id=manager.access_key_id,
        region=aws.region,
        account_id=aws.account_id,
        manager="user/manager",
        created_at=datetime.now(UTC),
        **verify,
    )
    connection.set_secret(key, manager.secret_access_key)
    return connection


def _strategy(
    session: Session, project: Project, key: SealingKey, connection: Connection, name: str
) -> RotationStrategy:
    strategy = RotationStrategy(
        project_id=project.id,
        connection=connection,
        access_key_secret=_secret(session, project, key, f"/{name}", "AWS_ACCESS_KEY_ID"),
        secret_key_secret=_secret(session, project, key, f"/{name}", "AWS_SECRET_ACCESS_KEY"),
        interval_s=_MONTH_S,
        created_at=datetime.now(UTC),
        created_by="bench",
    )
    strategy.set_target(name, connection.account_id)
    return strategy


def _secret(session: Session, project: Project, key: SealingKey, path: str, name: str) -> Secret:
    return create_secret(
        session,
        key,
        environment=project.environments[0],
        path=path,
        name=name,
        value=b"a placeholder of 30 characters",
        now=datetime.now(UTC),
        author="bench",
    )


def make_token(session: Session, place: Environment, now: datetime, **rights: bool) -> tuple[ServiceToken, str]:
    """A token for all of the environment with these rights, and its text. Flushes."""
    token = ServiceToken(
        project_id=place.project_id, environment_id=place.id, path="/", name="bench", created_at=now,
        created_by="bench", **rights,
    )  # fmt: skip
    text = give(token)
    session.add(token)
    session.flush()
    return token, text
