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
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from bench.filling import with_strategies
from bench.running import ROOT, Instance, wait_for
from models import Connection, RotationStrategy
from models.engine import READ_ONLY
from models.project import Project
from practice.seed import FIVE_PERMISSIONS, THREE_PERMISSIONS, PracticeAws
from soak.databases import Postgresql, Sqlite, database

STRATEGIES = 120
CONNECTIONS = 12
WITHOUT_LISTING = 2
"""So many connections' managers may neither list keys nor deactivate them."""
OF_PROGRAMS = ("user-0000", "user-0001")
"""Programs are handed the credentials of these users. People leave their strategies alone: they may break promises."""
HANDED_S = 20
INTERVAL_S = 30
GRACE_S = 6
TIMES = {"interval_s": INTERVAL_S, "grace_s": GRACE_S, "quiet_s": 0, "watch_s": 1}
_SETTINGS = {
    "KEYTURN_SWEEP_PERIOD": "2", "KEYTURN_LEASE": "8", "KEYTURN_LAST_USE_LAG": "3", "KEYTURN_LAST_USE_POLL": "2",
    "KEYTURN_HANDED_MARGIN": "2", "KEYTURN_LOG_LEVEL": "ERROR",
}  # fmt: skip
# The first round comes later than the last replica knows a key, or the rounds span longer than they are apart.
_VERIFY: tuple[dict[str, Any], ...] = (
    {"verify_rounds": 1, "verify_gap_s": 2},
    {"verify_rounds": 1, "verify_gap_s": 2, "verify_services": ["sts"]},
    {"verify_rounds": 1, "verify_gap_s": 2, "verify_services": ["iam", "sts"]},
    {"verify_rounds": 3, "verify_gap_s": 1, "verify_services": ["s3"]},
)
_BEHAVIOUR = {
    "latency_s": 0.005, "latency_tail": 1.0, "propagation_s": [0.2, 1.5], "deletion_s": [0.2, 2.0],
    "status_change_s": [0.2, 2.0], "last_use_lag_s": 1.0, "last_use_step_s": 0.5, "throttle_per_s": 150,
    "throttle_burst": 200, "session_at_most_s": HANDED_S,
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
    database: Sqlite | Postgresql
    calls: Path
    """AWS's own log."""
    managers: dict[str, str]
    """The access key ID of each connection's manager."""

    @property
    def reading(self) -> Engine:
        """The database, to read it without ever waiting for SQLite's write lock."""
        return self.at.engine.execution_options(**{READ_ONLY: True})


@contextmanager
def world(seed: int, kind: str) -> Iterator[World]:
    """All that is needed but Keyturn's processes, over a database of this kind; it goes away afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="keyturn-soak-") as name,
        _practice_aws(Path(name), seed) as aws,
        database(kind) as (made, settings),
        with_strategies(aws, STRATEGIES, connections=CONNECTIONS, **_SETTINGS, **settings) as at,
    ):
        managers = _make_ready(at, aws)
        for fault, action, when, share in _FAULTS:
            for key in managers.values() if "AccessKey" in action else ("*",):
                aws.fail(fault, action, when=when, share=share, times=0, key=key)
        yield World(at, aws, made, Path(name) / "calls.jsonl", managers)


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


def _make_ready(at: Instance, aws: PracticeAws) -> dict[str, str]:
    """Each connection gets a manager of its own, and all strategies times that pass quickly; returns the managers."""
    managers = {}
    with Session(at.engine) as session, session.begin():
        key = session.scalars(select(Project)).one().sealing_key(at.keyring)
        for number, connection in enumerate(session.scalars(select(Connection).order_by(Connection.name))):
            permissions = THREE_PERMISSIONS if number < WITHOUT_LISTING else FIVE_PERMISSIONS
            manager = aws.make_manager(f"manager-{number}", permissions=permissions)
            connection.access_key_id, connection.manager = manager.key.access_key_id, f"user/manager-{number}"
            connection.set_secret(key, manager.key.secret_access_key)
            for name, value in _VERIFY[number % len(_VERIFY)].items():
                setattr(connection, name, value)
            managers[manager.user_name] = manager.key.access_key_id
        session.execute(update(RotationStrategy).values(**TIMES))
    return managers
