"""Strategies and secrets in a database, written directly: nothing here is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from bench.running import Instance, instance
from crypto import SealingKey
from models import Connection, Project, RotationStrategy, Secret
from models.base import new_id
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
    verify: Mapping[str, Any] = MappingProxyType({}),
    **settings: str,
) -> Iterator[Instance]:
    """An instance with so many strategies, none of them due, and so many secrets besides theirs.

    `verify`: the connection's columns that say how a new key is verified.
    """
    manager = make_users(aws, number)
    with instance(AWS_ENDPOINT_URL=aws.endpoint_url, **settings) as at:
        with Session(at.engine) as session, session.begin():
            project = create_project(session, at.keyring, PROJECT, datetime.now(UTC))
            session.flush()
            key = project.sealing_key(at.keyring)
            connection = _connection(project, key, aws, manager, verify)
            session.add_all([_strategy(session, project, key, connection, name) for name in users(number)])
            for count in range(secrets):
                _secret(session, project, key, "/", f"SECRET_{count:04}")
        yield at


def _connection(
    project: Project, key: SealingKey, aws: PracticeAws, manager: KeyPair, verify: Mapping[str, Any]
) -> Connection:
    connection = Connection(
        id=new_id(),
        project_id=project.id,
        name="bench",
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
