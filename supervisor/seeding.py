"""What a demo begins with: a manager and targets at practice AWS, a person, a project whose strategy turns at once."""

from __future__ import annotations

import json
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from config import Config
from crypto import Keyring, SealingKey
from models import Connection, Project, RotationStrategy, Secret, Trigger
from models.base import new_id
from models.engine import open_database
from models.people import create_user
from models.project import create_project
from models.secret import create_secret
from practice.seed import PracticeAws, PracticeUser
from rotation.requests import request_rotation

USER = "demo"
PROJECT = "payments"
CONNECTION = "practice-manager"
_TARGETS = (("billing-api", "/apps/"), ("report-mailer", "/apps/"), ("image-resizer", "/apps/media/"))
"""The first one's strategy is made here, the others are left for the person."""
_PLACE = ("production", "/billing/api")
_INTERVAL = timedelta(minutes=2)
_GRACE_S = 30
_QUIET_S = 15
_ROUNDS = 3
_PRACTICE_AWS_WITHIN_S = 60


def main(ready_file: Path) -> None:
    """Fill a fresh database and print what a person and a script need to know, as JSON."""
    aws = _practice_aws(ready_file)
    manager = aws.make_manager("key-manager", path="/ops/", targets_path="/apps/")
    targets = [aws.make_target(name, path=path) for name, path in _TARGETS]
    password = secrets.token_urlsafe(12)
    _seed(Config.from_env(), aws, manager, targets[0], password)
    facts = {
        "user": USER,
        "password": password,
        "aws": {"endpoint_url": aws.endpoint_url, "region": aws.region, "account_id": aws.account_id},
        "manager": _as_json(manager),
        "targets": [_as_json(target) for target in targets],
    }
    sys.stdout.write(json.dumps(facts))


def _practice_aws(ready_file: Path) -> PracticeAws:
    until = time.monotonic() + _PRACTICE_AWS_WITHIN_S
    while not ready_file.exists():
        if time.monotonic() > until:
            sys.exit("Practice AWS doesn't start: its lines above say why.")
        time.sleep(0.05)
    return PracticeAws.from_ready_file(ready_file)


def _seed(config: Config, aws: PracticeAws, manager: PracticeUser, target: PracticeUser, password: str) -> None:
    engine, keyring = open_database(config.database), Keyring.load(config.master_key, config.instance / "master.key")
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        create_user(session, USER, password, now, is_admin=True)
        project = create_project(session, keyring, PROJECT, now)
        session.flush()
        key = project.sealing_key(keyring)
        connection = _connection(project, key, aws, manager, now)
        pair = _placeholders(session, project, key, target, now)
        strategy = RotationStrategy(
            project_id=project.id,
            connection=connection,
            user_path=target.path,
            access_key_secret=pair[0],
            secret_key_secret=pair[1],
            existing_key_id=target.key.access_key_id,
            interval_s=int(_INTERVAL.total_seconds()),
            grace_s=_GRACE_S,
            quiet_s=_QUIET_S,
            due_at=now + _INTERVAL,
            created_at=now,
            created_by=USER,
        )
        strategy.set_target(target.user_name, aws.account_id)
        session.add(strategy)
        session.flush()
        request_rotation(session, strategy, by=USER, trigger=Trigger.BUTTON, now=now)


def _connection(
    project: Project, key: SealingKey, aws: PracticeAws, manager: PracticeUser, now: datetime
) -> Connection:
    connection = Connection(
        id=new_id(),
        project_id=project.id,
        name=CONNECTION,
        access_key_id=manager.key.access_key_id,
        region=aws.region,
        account_id=aws.account_id,
        manager=f"user{manager.path}{manager.user_name}",
        verify_rounds=_ROUNDS,
        created_at=now,
    )
    connection.set_secret(key, manager.key.secret_access_key)
    return connection


def _placeholders(
    session: Session, project: Project, key: SealingKey, target: PracticeUser, now: datetime
) -> tuple[Secret, Secret]:
    name, path = _PLACE
    environment = next(environment for environment in project.environments if environment.name == name)
    place: dict[str, Any] = {"environment": environment, "path": path, "now": now, "author": USER}
    return (
        create_secret(session, key, name="AWS_ACCESS_KEY", value=target.key.access_key_id.encode(), **place),
        create_secret(session, key, name="AWS_SECRET_ACCESS_KEY", value=target.key.secret_access_key.encode(), **place),
    )


def _as_json(user: PracticeUser) -> dict[str, str]:
    return {
        "user_name": user.user_name,
        "path": user.path,
        "access_key_id": user.key.access_key_id,
        "secret_access_key": user.key.secret_access_key,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
