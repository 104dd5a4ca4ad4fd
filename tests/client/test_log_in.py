"""A person stores a server and a token once."""

from __future__ import annotations

import json
import stat

import pytest


@pytest.fixture
def stranger(machine, served):
    """A machine that knows nothing yet; returns the server's address."""
    del machine.env["KEYTURN_TOKEN"]
    return machine.env.pop("KEYTURN_URL")


def test_what_is_stored_holds_for_the_other_commands(machine, served, stranger):
    result = machine.keyturn("login", f"{stranger}/", typed=f"{served.token}\n")
    assert result.returncode == 0, result.stderr
    assert "Token billing for production:/ is stored in" in result.stderr
    assert served.token not in result.stdout + result.stderr
    path = machine.home / "config" / "keyturn" / "login.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert machine.keyturn("get", "AWS_ACCESS_KEY").stdout == served.pair_in_secrets()["AWS_ACCESS_KEY"]
    assert machine.keyturn("logout").returncode == 0
    assert not path.exists()
    assert machine.keyturn("logout").returncode == 1


def test_scripts_are_told_in_json(machine, served, stranger):
    told = json.loads(machine.keyturn("login", stranger, "--json", typed=f"{served.token}\n").stdout)
    path = str(machine.home / "config" / "keyturn" / "login.json")
    assert (told["url"], told["path"], told["token"]["name"]) == (stranger, path, "billing")
    assert json.loads(machine.keyturn("logout", "--json").stdout) == {"path": path}


@pytest.mark.parametrize(
    ("url", "typed", "code", "told"),
    [
        ("", "kt_wrong", 3, "Refused: "),
        ("keyturn.example.com", "kt_any", 1, "is no address of a server"),
        ("https://me:secret@keyturn.example.com", "kt_any", 1, "is no address of a server"),
        ("http://127.0.0.1:1", "kt_any", 4, "doesn't answer"),
    ],
)
def test_what_does_not_hold_is_not_stored(machine, stranger, url, typed, code, told):
    result = machine.keyturn("login", url or stranger, typed=typed)
    assert (result.returncode, told in result.stderr) == (code, True), result.stderr
    assert not (machine.home / "config").exists()


def test_a_token_may_come_from_a_file(machine, served, stranger):
    (machine.home / "token").write_text(f"{served.token}\n")
    machine.env |= {"KEYTURN_URL": stranger, "KEYTURN_TOKEN_FILE": str(machine.home / "token")}
    assert machine.keyturn("get", "AWS_ACCESS_KEY").returncode == 0
    machine.env["KEYTURN_TOKEN_FILE"] = "/no/such/file"
    assert "/no/such/file can't be read" in machine.keyturn("get", "AWS_ACCESS_KEY").stderr
