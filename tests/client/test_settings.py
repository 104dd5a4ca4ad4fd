"""The agent's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyturn.agent.settings import Kept, Rendered, Settings, read_settings
from keyturn.problems import Problem

WHOLE = """
listen = "[::1]:0"
credentials_file = "/home/app/.aws/credentials"

[[strategy]]
number = 7
profile = "billing"
run = ["systemctl", "reload", "billing"]

[[strategy]]
number = 8

[[file]]
path = "/etc/billing/app.env"
format = "docker"
names = ["A", "B"]
at = "/billing"
mode = "0640"
run = ["true"]
"""


def read(folder, text):
    path = folder / "agent.toml"
    path.write_text(text)
    return read_settings(path)


def test_all_of_it(tmp_path):
    assert read(tmp_path, WHOLE) == Settings(
        "::1", 0, Path("/home/app/.aws/credentials"),
        (Kept(7, "billing", ("systemctl", "reload", "billing")), Kept(8)),
        (Rendered(Path("/etc/billing/app.env"), "docker", ("A", "B"), "/billing", 0o640, ("true",)),),
    )  # fmt: skip


def test_what_is_left_out(tmp_path):
    made = read(tmp_path, "[[strategy]]\nnumber = 7")
    assert (made.host, made.port, made.strategies, made.files) == ("127.0.0.1", 9911, (Kept(7),), ())
    assert made.credentials_file == Path.home() / ".aws/credentials"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "nothing to do"),
        ("listen = ", "is no TOML"),
        ('listen = "0.0.0.0:80"', "it is loopback"),
        ('listen = "127.0.0.1:99999"', "it is loopback"),
        ("[[strategy]]", r"\[\[strategy\]\] number 1: number is missing"),
        ("[[strategy]]\nnumber = true", "can't be True"),
        ('[[strategy]]\nnumber = "7"', "can't be '7'"),
        ("[[strategy]]\nnumber = 7\ninterval = 3", "interval isn't known"),
        ("[[strategy]]\nnumber = 7\n[[strategy]]\nnumber = 7", "the number 7 is there twice"),
        ('[[strategy]]\nnumber = 7\nprofile = "a]b"', "can't be the name of a profile"),
        ("[strategy]\nnumber = 7", "can't be"),
        ("strategy = [7]", "is a table"),
        ('[[file]]\npath = "relative"', "no absolute path"),
        ('[[file]]\npath = "/a"\nformat = "xml"', "there are dotenv, json, shell, docker"),
        ('[[file]]\npath = "/a"\nmode = "rw"', "isn't one"),
        ('[[file]]\npath = "/a"\nnames = [1]', "a list of texts"),
    ],
)
def test_what_can_not_be_is_named(tmp_path, text, told):
    with pytest.raises(Problem, match=told) as raised:
        read(tmp_path, text)
    assert str(tmp_path / "agent.toml") in raised.value.message


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(Problem, match="No such file"):
        read_settings(tmp_path / "none.toml")
