"""What a demo begins with: a manager and targets at practice AWS, a person, a project whose strategy turns at once."""

from __future__ import annotations

import json
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from config import Config
from crypto import Keyring
from models import Action, Ends, Trigger
from models.audit import record
from models.engine import open_database
from models.people import create_user
from models.project import Project, create_project
from models.schedule import Schedule
from models.vault.adding import NewSecret
from practice.seed import PracticeAws, PracticeUser
from rotation.providers import provider_for
from rotation.reach.access import Access
from rotation.requests import request_rotation
from rotation.setup.checks import Target, check
from rotation.setup.strategies import NewConnection, Plan, Setup, create_strategy

USER = "demo"
PROJECT = "payments"
_TARGETS = (("billing-api", "/apps/"), ("report-mailer", "/apps/"), ("image-resizer", "/apps/media/"))
"""The first one's strategy is made here, the others are left for the person."""
_PRACTICE_AWS_WITHIN_S = 60


def main(ready_file: str) -> None:
    """Fill a fresh database and print what a person and a script need to know, as JSON."""
    aws = _practice_aws(Path(ready_file))
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
    """Do what a person would: make a project, fill in the strategy's form with its check, press Rotate."""
    provider = provider_for("aws-iam", Access(manager.key, aws.region, aws.endpoint_url))
    report = check(provider, Target(target.user_name, held=target.key.access_key_id))
    keyring = Keyring.load(config.master_key, config.instance / "master.key")
    with Session(open_database(config.database)) as session, session.begin():
        now = datetime.now(UTC)
        user = create_user(session, USER, password, now, is_admin=True)
        note = partial(record, session, at=now, actor=USER, actor_id=user.id)
        project = create_project(session, keyring, PROJECT, now)
        session.flush()
        note(action=Action.PROJECT_CREATE, thing=PROJECT, project_id=project.id)
        setup = Setup(
            session,
            project.sealing_key(keyring),
            now,
            USER,
            lambda action, thing, **facts: note(action=action, thing=thing, **facts),
        )
        strategy = create_strategy(setup, _plan(project, aws, manager, target), report)
        request_rotation(session, strategy, by=USER, actor_id=user.id, trigger=Trigger.BUTTON, now=now)


def _plan(project: Project, aws: PracticeAws, manager: PracticeUser, target: PracticeUser) -> Plan:
    pair = target.key
    return Plan(
        connection=NewConnection("practice-manager", manager.key, aws.region, verify_rounds=3),
        user_name=target.user_name,
        user_path=target.path,
        environment=next(each for each in project.environments if each.name == "production"),
        path="/billing/api",
        access_key=NewSecret("AWS_ACCESS_KEY", pair.access_key_id.encode()),
        secret_key=NewSecret("AWS_SECRET_ACCESS_KEY", pair.secret_access_key.encode()),
        existing_key_id=pair.access_key_id,
        schedule=Schedule(timedelta(minutes=2)),
        ends=Ends(grace_s=30, quiet_s=15, watch_s=0),
    )


def _as_json(user: PracticeUser) -> dict[str, str]:
    return {
        "user_name": user.user_name,
        "path": user.path,
        "access_key_id": user.key.access_key_id,
        "secret_access_key": user.key.secret_access_key,
    }
