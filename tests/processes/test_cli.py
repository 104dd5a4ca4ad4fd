"""`keyturn`'s smaller commands: people, the set-up's check, and what can't be right said at the start."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

import cli
from config import Config
from models import Action, AuditEntry, User
from models.people import check_password
from supervisor.parts import only_one
from supervisor.prepare import prepare
from tests.processes.conftest import environment

PASSWORD = "four unrelated words in a row"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def keyturn(folder: Path) -> Iterator[Callable[..., Result]]:
    """Runs a command in this process."""
    mask = os.umask(0o077)
    outer = dict(os.environ)

    def run(*argv: str, typed: str = "", **settings: str) -> Result:
        os.environ.clear()
        os.environ.update(environment(folder, **settings))
        return CliRunner().invoke(cli.main, argv, input=typed, catch_exceptions=False)

    yield run
    os.umask(mask)
    os.environ.clear()
    os.environ.update(outer)


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    engine, _ = prepare(Config(instance=folder))
    with Session(engine) as session:
        yield session
    engine.dispose()


def test_a_person_is_added_with_a_password_from_standard_input(keyturn, session):
    result = keyturn("user", "add", "Ana", "--admin", "--email", "ana@example.com", typed=f"{PASSWORD}\n")
    assert result.exit_code == 0
    ana = session.scalars(select(User)).one()
    assert (ana.name, ana.email, ana.is_admin) == ("ana", "ana@example.com", True)
    assert check_password(ana, PASSWORD)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.thing) == ("terminal", Action.USER_CREATE, "ana")


def test_spaces_of_a_password_are_kept(keyturn, session):
    assert keyturn("user", "add", "ana", typed=f"  {PASSWORD} \r\n").exit_code == 0
    assert check_password(session.scalars(select(User)).one(), f"  {PASSWORD} ")


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("Ana Lima", PASSWORD, "Use 1 to 64 letters"),
        ("ana", "password1234", "Too easy to guess."),
        ("ana", "", "0 characters; 12 is the least."),
    ],
)
def test_a_person_who_cannot_be_is_refused(keyturn, session, name, password, why):
    result = keyturn("user", "add", name, typed=f"{password}\n")
    assert result.exit_code == 1
    assert why in result.output
    assert session.scalars(select(User)).all() == []


def test_a_person_who_is_there_is_not_added_again(keyturn, session):
    keyturn("user", "add", "ana", typed=f"{PASSWORD}\n")
    result = keyturn("user", "add", "ana", "--admin", typed=f"{PASSWORD}!\n")
    assert "`keyturn user reset-password ana` gives another password" in result.output
    assert result.exit_code == 1
    assert not session.scalars(select(User)).one().is_admin


def test_a_person_who_is_locked_out_gets_another_password(keyturn, session):
    keyturn("user", "add", "ana", typed=f"{PASSWORD}\n")
    assert keyturn("user", "reset-password", "ana", typed="quite another row of words\n").exit_code == 0
    assert check_password(session.scalars(select(User)).one(), "quite another row of words")


def test_nobody_gets_another_password_by_a_wrong_name(keyturn, session):
    result = keyturn("user", "reset-password", "bob", typed=f"{PASSWORD}\n")
    assert (result.exit_code, result.output) == (1, "Error: There is no person bob.\n")


def test_settings_that_cannot_be_right_are_all_told_at_once(keyturn):
    result = keyturn("check", PORT="eighty", KEYTURN_WORKERS="0", AWS_ENDPOINT_URL="nowhere")
    assert result.exit_code == 1
    assert "PORT must be a whole number." in result.output
    assert "KEYTURN_WORKERS must be 1 or more." in result.output
    assert "AWS_ENDPOINT_URL must be an address" in result.output


def test_check_is_content_with_a_machine_that_is_ready(keyturn, session, practice):
    keyturn("user", "add", "ana", typed=f"{PASSWORD}\n")
    result = keyturn("check", AWS_ENDPOINT_URL=practice.endpoint_url)
    assert (result.exit_code, "BAD" in result.output) == (0, False)
    for name in ("instance folder", "database", "master key", "redis", "AWS"):
        assert f"ok  {name}: " in result.output


def test_check_says_what_is_wrong(keyturn, session, folder):
    folder.chmod(0o755)
    other = base64.b64encode(bytes(32)).decode()
    nowhere = {"REDIS_URL": "redis://127.0.0.1:9", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    result = keyturn("check", KEYTURN_MASTER_KEY=other, **nowhere)
    assert result.exit_code == 1
    assert f"chmod 700 {folder}" in result.output
    assert "nobody has an account: `keyturn user add NAME --admin`" in result.output
    assert "BAD redis: doesn't answer" in result.output
    assert "BAD AWS: http://127.0.0.1:9 doesn't answer" in result.output


def test_check_tells_a_database_that_does_not_answer(keyturn):
    result = keyturn("check", DATABASE_URL="postgresql://keyturn:hidden@127.0.0.1:9/keyturn")
    assert "BAD database: doesn't answer" in result.output
    assert "hidden" not in result.output


def test_check_makes_nothing(keyturn, folder):
    keyturn("check", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert not folder.exists()


def test_a_second_one_in_the_same_folder_is_told_without_a_traceback(keyturn, folder):
    folder.mkdir()
    with only_one(Config(instance=folder)):
        result = keyturn("up")
    assert result.exit_code == 1
    assert result.output.startswith("Error: Keyturn runs already in ")


def test_a_folder_that_is_no_demos_is_told_without_a_traceback(keyturn, folder):
    (folder / "demo" / "somebodys").mkdir(parents=True)
    result = keyturn("demo")
    assert result.exit_code == 1
    assert "isn't a demo's" in result.output


def test_a_taken_port_is_told_without_a_traceback(keyturn):
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = keyturn("up", PORT=str(other.getsockname()[1]))
    assert result.exit_code == 1
    assert result.output.startswith("Error: Port ")


def test_a_backup_is_written_and_restored(keyturn, tmp_path, folder):
    keyturn("user", "add", "ana", "--admin", typed=PASSWORD)
    file = tmp_path / "keyturn.backup"
    assert "rows, sealed" in keyturn("backup", str(file)).output
    again = keyturn("backup", str(file))
    assert again.exit_code == 1
    assert "exists already" in again.output
    keyturn("user", "add", "bob", typed=PASSWORD)
    restored = keyturn("restore", str(file), "--replace")
    assert restored.exit_code == 0, restored.output
    assert "Everybody signs in anew" in restored.output
    missing = keyturn("restore", str(tmp_path / "missing"))
    assert missing.exit_code == 1
    assert "There is no file" in missing.output
