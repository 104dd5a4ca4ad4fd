"""The strategies, practice AWS at its worst, and settings that let a key's life pass in seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bench.filling import with_strategies
from bench.running import ROOT, Instance, wait_for
from models import Connection, RotationStrategy
from models.base import new_id
from models.project import Project
from practice.seed import THREE_PERMISSIONS, PracticeAws

STRATEGIES = 30
WITHOUT_LISTING = 3
INTERVAL_S = 15
GRACE_S = 6
_SETTINGS = {
    "KEYTURN_SWEEP_PERIOD": "1", "KEYTURN_LEASE": "8", "KEYTURN_LAST_USE_LAG": "3", "KEYTURN_LAST_USE_POLL": "2",
    "KEYTURN_LOG_LEVEL": "ERROR",
}  # fmt: skip
# The three rounds of verification span longer than the replicas are apart.
_VERIFY = {"verify_rounds": 3, "verify_gap_s": 1}
_BEHAVIOUR = {
    "latency_s": 0.005, "latency_tail": 1.0, "propagation_s": [0.2, 1.5], "deletion_s": [0.2, 2.0],
    "status_change_s": [0.2, 2.0], "last_use_lag_s": 1.0, "last_use_step_s": 0.5, "throttle_per_s": 150,
    "throttle_burst": 200,
}  # fmt: skip
# kind, action, when, share of the calls
_FAULTS = (
    ("throttle", "*AccessKey*", "before", 0.04), ("unavailable", "*AccessKey*", "before", 0.02),
    ("internal_failure", "CreateAccessKey", "after", 0.02), ("load_balancer_page", "CreateAccessKey", "before", 0.02),
    ("drop", "CreateAccessKey", "after", 0.02), ("drop", "CreateAccessKey", "late", 0.02),
    ("cut", "CreateAccessKey", "after", 0.02), ("drop", "DeleteAccessKey", "after", 0.06),
    ("drop", "DeleteAccessKey", "before", 0.04), ("unknown_key", "GetUser", "before", 0.04),
    ("drop", "GetCallerIdentity", "before", 0.02), ("unavailable", "ListBuckets", "before", 0.04),
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """What is attacked."""

    at: Instance
    aws: PracticeAws
    calls: Path
    """AWS's own log."""
    managers: dict[str, str]
    """The access key ID of the manager who may list keys, and of the one who may not."""


@contextmanager
def world(seed: int, database_url: str) -> Iterator[World]:
    """All that is needed but Keyturn's processes; it goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="keyturn-soak-") as name, _practice_aws(Path(name), seed) as aws:
        settings = {**_SETTINGS, **({"DATABASE_URL": database_url} if database_url else {})}
        with with_strategies(aws, STRATEGIES, verify=_VERIFY, **settings) as at:
            _make_ready(at, aws)
            managers = {name: _key_of(aws, name) for name in ("manager", "manager-2")}
            for kind, action, when, share in _FAULTS:
                for key in managers.values() if "AccessKey" in action else ("*",):
                    aws.fail(kind, action, when=when, share=share, times=0, key=key)
            yield World(at, aws, Path(name) / "calls.jsonl", managers)


def _key_of(aws: PracticeAws, name: str) -> str:
    return str(aws.iam.list_access_keys(UserName=name)["AccessKeyMetadata"][0]["AccessKeyId"])


@contextmanager
def _practice_aws(folder: Path, seed: int) -> Iterator[PracticeAws]:
    ready = folder / "ready.json"
    behaviour = json.dumps({**_BEHAVIOUR, "seed": seed})
    files = ("--ready-file", str(ready), "--log-file", str(folder / "calls.jsonl"))
    command = [sys.executable, "-m", "practice", *files, "--set", behaviour]
    with subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(ready.exists, "practice AWS")
            yield PracticeAws.from_ready_file(ready)
        finally:
            process.terminate()


def _make_ready(at: Instance, aws: PracticeAws) -> None:
    """A few strategies' manager may not list keys; all get times that pass quickly."""
    manager = aws.make_manager("manager-2", permissions=THREE_PERMISSIONS)
    with Session(at.engine) as session, session.begin():
        project = session.scalars(select(Project)).one()
        first = session.scalars(select(Connection)).one()
        other = Connection(
            id=new_id(), project_id=project.id, name="without-listing", access_key_id=manager.key.access_key_id,
            region=first.region, account_id=first.account_id, manager="user/manager-2", created_at=first.created_at,
            **_VERIFY,
        )  # fmt: skip
        other.set_secret(project.sealing_key(at.keyring), manager.key.secret_access_key)
        session.add(other)
        session.flush()
        session.execute(update(RotationStrategy).values(interval_s=INTERVAL_S, grace_s=GRACE_S, quiet_s=0, watch_s=1))
        chosen = select(RotationStrategy.id).order_by(RotationStrategy.id).limit(WITHOUT_LISTING)
        session.execute(update(RotationStrategy).where(RotationStrategy.id.in_(chosen)).values(connection_id=other.id))
