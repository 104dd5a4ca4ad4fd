"""`keyturn up`: the same processes as the demo's, without practice AWS, over data that is kept."""

from __future__ import annotations

import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy.orm import Session

from config import Config
from models.people import create_user
from models.project import create_project
from rotation.clock import DatabaseClock
from supervisor.prepare import prepare, setup_token
from tests.processes.conftest import KEYTURN, environment
from tests.processes.processes import Run, alive, family

INSTANCE = "a-long-name-" * 12


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Keyturn in a folder whose name is too long for a socket in it."""
    folder = tmp_path_factory.mktemp("up")
    run = Run((*KEYTURN, "up"), folder / "log", environment(folder / INSTANCE))
    yield run
    run.close()
    redis_socket(run).parent.rmdir()


def redis_socket(run: Run) -> Path:
    return Config(instance=run.output.parent / INSTANCE).redis_socket


def test_a_new_installation_is_claimed_by_the_link_in_its_terminal(up):
    address = up.line("Keyturn runs: ").rpartition(" ")[2]
    link = up.line("/setup/").strip()
    assert link.startswith(f"{address}/setup/")
    with urlopen(link) as page:  # noqa: S310 - the address of this test's own server
        assert "password" in page.read().decode().lower()


def test_redis_listens_elsewhere_where_the_folders_name_is_long(up):
    assert redis_socket(up).is_socket()
    assert stat.S_IMODE(redis_socket(up).parent.stat().st_mode) == stat.S_IRWXU


def test_once_there_is_a_person_there_is_no_link(up):
    engine, _ = prepare(Config(instance=up.output.parent / INSTANCE))
    assert setup_token(engine)
    with Session(engine) as session, session.begin():
        create_user(session, "ana", "a row of unrelated words", DatabaseClock().now())
    assert setup_token(engine) == ""
    engine.dispose()


def test_ctrl_c_ends_it_and_leaves_no_process(up):
    processes = family(up.process.pid)
    up.end(signal.SIGINT)
    assert up.process.returncode == 0
    assert alive(processes) == []


def test_the_wrong_master_key_is_told_at_the_start(tmp_path: Path):
    config = Config(instance=tmp_path / "instance")
    engine, keyring = prepare(config)
    with Session(engine) as session, session.begin():
        create_project(session, keyring, "payments", DatabaseClock().now())
    (config.instance / "master.key").unlink()
    run = Run((*KEYTURN, "up"), tmp_path / "log", environment(config.instance))
    assert "The master key isn't the one that this database was written under." in run.end()
    assert run.process.returncode == 1


@pytest.mark.parametrize("command", ["up", "web"])
def test_a_folder_that_others_may_enter_is_told_at_the_start(tmp_path: Path, command: str):
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o755)
    run = Run((*KEYTURN, command), tmp_path / "log", environment(folder))
    assert f"chmod 700 {folder}" in run.end()
    assert run.process.returncode == 1


def test_a_taken_port_is_told_at_the_start(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run((*KEYTURN, "up"), tmp_path / "log", environment(tmp_path / "instance", PORT=str(port)))
        text = run.end()
    assert f"Port {port} of 127.0.0.1 is taken" in text
    assert run.process.returncode == 1
