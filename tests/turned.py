"""Strategies, rotations and access keys for tests, with what they need around them. Each is flushed, not committed.

strategy = turned.strategy(session, keyring, payments, "billing-api")
turned.succeeded(session, strategy, at=START - timedelta(days=8))
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crypto import Keyring
from models import AccessKey, Connection, KeyState, Project, Rotation, RotationStep, RotationStrategy, State, StepName
from models.base import new_id
from models.rotation import STEPS, Purpose
from models.secret import create_secret
from tests.fake_clock import START

ACCOUNT = "111122223333"
DAY_S = 86_400


def connection(session: Session, keyring: Keyring, project: Project, name: str = "prod-manager") -> Connection:
    """The project's connection of this name."""
    found = session.scalar(select(Connection).where(Connection.project_id == project.id, Connection.name == name))
    if found is not None:
        return found
    made = Connection(
        id=new_id(), project_id=project.id, name=name, access_key_id="AKIAEXAMPLEMANAGER01", region="eu-west-1",
        account_id=ACCOUNT, manager="user/key-manager", created_at=START,
    )  # fmt: skip
    made.set_secret(project.sealing_key(keyring), "the manager's secret, for tests")
    session.add(made)
    session.flush()
    return made


def strategy(
    session: Session, keyring: Keyring, project: Project, user_name: str = "billing-api", *,
    path: str = "", environment: str = "production", days: int | None = 30, due_in: timedelta | None = None,
    **columns: Any,
) -> RotationStrategy:  # fmt: skip
    """A strategy of this user with two placeholder secrets at a path of its own. `days`: its interval."""
    place = next(one for one in project.environments if one.name == environment)
    key = project.sealing_key(keyring)
    first, second = (
        create_secret(
            session, key, environment=place, path=path or f"/{user_name}", name=name, value=b"placeholder", now=START,
            author="bob",
        )
        for name in ("AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
    )  # fmt: skip
    due = START + (due_in if due_in is not None else timedelta(days=days or 0))
    values = {
        "created_at": START - timedelta(days=100), "created_by": "bob", "interval_s": days and days * DAY_S,
        "due_at": due if days else None, **columns,
    }  # fmt: skip
    made = RotationStrategy(
        project_id=project.id, connection=connection(session, keyring, project), access_key_secret=first,
        secret_key_secret=second, **values,
    )  # fmt: skip
    made.set_target(user_name, ACCOUNT)
    session.add(made)
    session.flush()
    return made


def rotation(session: Session, of: RotationStrategy, *, at: datetime = START, **columns: Any) -> Rotation:
    """A rotation, queued by bob's button."""
    values = {"state": State.QUEUED.value, "trigger": "button", "requested_by": "bob", "requested_at": at, **columns}
    made = Rotation(project_id=of.project_id, strategy_id=of.id, **values)
    session.add(made)
    session.flush()
    return made


def failed(
    session: Session, of: RotationStrategy, code: str, *, at: datetime = START, facts: dict[str, str] | None = None,
    **columns: Any,
) -> Rotation:  # fmt: skip
    """A rotation that failed, with this code and these facts."""
    ended = at + timedelta(seconds=1)
    return rotation(
        session, of, at=at, state=State.FAILED.value, started_at=at, ended_at=ended, error_code=code,
        error_facts=facts or {}, **columns,
    )  # fmt: skip


def succeeded(
    session: Session, of: RotationStrategy, *, at: datetime = START, key_id: str = "", **columns: Any
) -> Rotation:
    """A rotation that published a key at `at`, all its steps included; the key before it retires since then."""
    started = at - timedelta(seconds=12)
    made = rotation(
        session, of, at=started, state=State.SUCCEEDED.value, started_at=started, ended_at=at, good_rounds=8, **columns
    )
    session.execute(
        update(AccessKey)
        .where(AccessKey.strategy_id == of.id, AccessKey.state == KeyState.ACTIVE.value)
        .values(
            state=KeyState.RETIRING.value, replaced_at=at, retire_at=at + timedelta(seconds=of.grace_s),
            look_at=at + timedelta(seconds=of.grace_s),
        )
    )  # fmt: skip
    new = key(session, of, made, KeyState.ACTIVE, key_id, created_at=started, published_at=at, intent_at=started)
    made.access_key_id = new.id
    steps(session, made)
    session.flush()
    return made


def key(
    session: Session, of: RotationStrategy, by: Rotation | None, state: KeyState, key_id: str = "", **columns: Any
) -> AccessKey:
    """An access key; one that no rotation made was taken over."""
    number = session.query(AccessKey).count() + 1
    values = {"intent_at": START, **columns}
    known = key_id or f"AKIAEXAMPLE{number:09}"
    made = AccessKey(
        id=new_id(), project_id=of.project_id, strategy_id=of.id, rotation_id=by and by.id, state=state.value,
        access_key_id=None if state in {KeyState.PENDING, KeyState.LOST} else known, **values,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def deleted(session: Session, of: AccessKey, *, at: datetime = START) -> None:
    """The key was deleted at AWS at `at`."""
    of.state, of.deleted_at, of.look_at = KeyState.DELETED.value, at, None
    session.flush()


def steps(session: Session, of: Rotation, until: StepName = StepName.PUBLISH, *, ends: str = "ok") -> None:
    """The rotation's steps up to `until`, which is done (`ok`), fails (`failed`) or runs (`runs`)."""
    at = of.requested_at
    said = {
        StepName.CREATE: ("iam:CreateAccessKey", "AKIAEXAMPLE2T7Q4FVKD"),
        StepName.VERIFY: ("sts:GetCallerIdentity", f"user/billing-api in {ACCOUNT}, 8 in a row"),
    }
    for name in STEPS[Purpose.TURN]:
        last = name is until
        calls = [
            {
                "at": at.isoformat(timespec="milliseconds"),
                "action": action,
                "said": answer,
                "ok": True,
                "request_id": "",
            }
            for action, answer in ([said[name]] if name in said else [])
        ]
        step = RotationStep(
            rotation_id=of.id, name=name.value, started_at=at, calls=calls,
            ended_at=None if last and ends == "runs" else at + timedelta(milliseconds=380),
            failed=last and ends == "failed", summary="" if last and ends == "runs" else f"How {name} went.",
        )  # fmt: skip
        session.add(step)
        at += timedelta(seconds=1)
        if last:
            break
    session.flush()
