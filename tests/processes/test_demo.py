"""`keyturn demo`, the real thing: real Redis, a forking worker, the scheduler, practice AWS over HTTP.

One demo serves the tests down to the one that ends it.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from botocore.exceptions import ClientError
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AccessKey, Ends, KeyState, Project, RetireWhen, Rotation, RotationStrategy, State, Trigger
from models.secret import current_values
from rotation.provider import KeyPair
from tests.processes.conftest import KEYTURN, Demo, environment
from tests.processes.processes import Run, alive, family, wait_for

PARTS = {"keyturn", "practice-aws", "redis", "web", "worker-1", "scheduler"}


def test_it_answers_and_tells_scripts_how_to_come_in(demo):
    facts = demo.facts
    assert set(facts) == {"url", "user", "password", "aws", "manager", "targets", "pids"}
    assert set(facts["aws"]) == {"endpoint_url", "region", "account_id"}
    user = {"user_name", "path", "access_key_id", "secret_access_key"}
    assert [set(person) for person in (facts["manager"], *facts["targets"])] == [user] * 4
    assert set(facts["pids"]) == PARTS
    assert alive(psutil.Process(pid) for pid in facts["pids"].values())
    assert answers(demo)


def test_nobody_else_may_read_what_it_keeps(demo):
    kept = [demo.folder, *demo.folder.rglob("*")]
    assert demo.folder / "keyturn.db" in kept
    assert [path for path in kept if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_no_secret_is_in_a_command_line(demo):
    facts = demo.facts
    secrets = [facts["password"], *(person["secret_access_key"] for person in (facts["manager"], *facts["targets"]))]
    lines = [" ".join(process.cmdline()) for process in family(demo.process.pid)]
    assert [line for line in lines if any(secret in line for secret in secrets)] == []


def test_redis_listens_on_a_socket_only(demo):
    redis = psutil.Process(demo.facts["pids"]["redis"])
    assert redis.net_connections("inet") == []
    assert (demo.folder / "redis.sock").is_socket()
    assert (demo.folder / "redis" / "appendonly.aof").exists() or (demo.folder / "redis" / "appendonlydir").exists()


def test_it_rotates_at_the_start_and_then_by_schedule(demo):
    demo.aws.set(propagation_s=(0.1, 0.5))
    by_button = wait_for(lambda: succeeded(demo, 1), "the rotation at the start")
    hurry(demo)
    by_schedule = wait_for(lambda: succeeded(demo, 2), "a rotation by schedule")
    assert (by_button.trigger, by_schedule.trigger) == (Trigger.BUTTON, Trigger.SCHEDULE)
    published = published_pair(demo)
    identity = demo.aws.client("sts", published).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{demo.facts['aws']['account_id']}:user/apps/billing-api"
    original = demo.facts["targets"][0]
    assert published.access_key_id != original["access_key_id"]
    pair = KeyPair(original["access_key_id"], original["secret_access_key"])
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        demo.aws.client("sts", pair).get_caller_identity()


def hurry(demo: Demo) -> None:
    """Let the schedule be due now, and old keys end at once."""
    with Session(demo.engine) as session, session.begin():
        strategy = session.scalars(select(RotationStrategy)).one()
        strategy.due_at = datetime.now(UTC)
        for old in session.scalars(select(AccessKey).where(AccessKey.state == KeyState.RETIRING.value)):
            strategy.ends = Ends(RetireWhen.DEADLINE, deadline_s=1, watch_s=0)
            old.retire_at = old.look_at = datetime.now(UTC)


def succeeded(demo: Demo, rotation_id: int) -> Rotation | None:
    """The rotation, once it has succeeded."""
    with Session(demo.engine) as session:
        rotation = session.get(Rotation, rotation_id)
    if rotation is None or rotation.ended_at is None:
        return None
    assert rotation.state == State.SUCCEEDED.value, f"{rotation.error_code}: {rotation.error_facts}"
    return rotation


def published_pair(demo: Demo) -> KeyPair:
    """What programs read now."""
    with Session(demo.engine) as session:
        strategy = session.scalars(select(RotationStrategy)).one()
        key = session.scalars(select(Project)).one().sealing_key(demo.keyring)
        ids = (strategy.access_key_secret_id, strategy.secret_key_secret_id)
        values = current_values(session, key, ids)
        return KeyPair(*(values[number].decode() for number in ids))


@pytest.mark.parametrize("name", ["web", "worker-1", "scheduler", "redis"])
def test_a_part_that_is_killed_comes_back(demo, name):
    before = demo.facts["pids"][name]
    forked = family(before)
    os.kill(before, signal.SIGKILL)
    demo.line(f"{name} ended (signal SIGKILL)")
    after = wait_for(lambda: (pid := demo.facts["pids"][name]) != before and pid, "the new process in demo.json")
    assert alive(forked) == []
    assert psutil.Process(after).ppid() == demo.process.pid
    wait_for(lambda: answers(demo), "an answer")


def answers(demo: Demo) -> bool:
    try:
        with urlopen(f"{demo.facts['url']}/login") as answer:  # noqa: S310 - the demo's own address
            return answer.status == HTTPStatus.OK
    except OSError:
        return False


def test_a_second_demo_in_the_same_folder_is_refused(demo):
    second = Run((*KEYTURN, "demo"), demo.output.with_suffix(".second"), environment(demo.folder.parent))
    assert f"Keyturn runs already in {demo.folder}" in second.end()
    assert second.process.returncode == 1
    assert (demo.folder / "demo.json").exists()


def test_sigterm_ends_it_and_leaves_no_process(demo):
    processes = family(demo.process.pid)
    assert len(processes) > len(PARTS)
    assert demo.end(signal.SIGTERM)
    assert demo.process.returncode == 0
    assert alive(processes) == []


def test_a_folder_that_is_not_a_demos_is_not_emptied(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "thesis.txt").write_text("ten years of work")
    run = Run((*KEYTURN, "demo"), tmp_path / "log", environment(tmp_path))
    assert "isn't a demo's" in run.end()
    assert run.process.returncode == 1
    assert (folder / "thesis.txt").read_text() == "ten years of work"


def test_a_port_that_is_taken_is_left_for_the_next_free_one(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run((*KEYTURN, "demo"), tmp_path / "log", environment(tmp_path, PORT=str(port)))
        line = run.line("is taken")
        run.end(signal.SIGTERM)
    assert line.startswith(f"Port {port} is taken; this demo takes ")
