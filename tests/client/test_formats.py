"""Values come out of each format as they went in, by the tools that read it."""

from __future__ import annotations

import json
import subprocess
from io import StringIO

import pytest
from dotenv import dotenv_values

from keyturn.formats import FORMATS
from keyturn.problems import Problem

VALUES = {
    "PLAIN": "abc", "EMPTY": "", "SPACES": "  two  words ", "QUOTES": "it's \"so\"", "BACKSLASH": "a\\n\\'b\\",
    "DOLLAR": "$HOME ${HOME} `id` $(id)", "HASH": "a #b", "UNICODE": "schlüssel ключ 🔑", "EQUALS": "a=b=c",
    "NEWLINES": "-----BEGIN\nabc\n-----END\n",
}  # fmt: skip


def test_dotenv():
    assert dotenv_values(stream=StringIO(FORMATS["dotenv"](VALUES)), interpolate=False) == VALUES


def test_json():
    assert json.loads(FORMATS["json"](VALUES)) == VALUES


def test_shell():
    print_all = "".join(f"printf '%s\\0' \"${name}\"\n" for name in VALUES)
    script = FORMATS["shell"](VALUES) + print_all
    found = subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, check=True).stdout
    assert found.decode().split("\0")[:-1] == list(VALUES.values())


def test_docker_takes_one_line_as_it_is():
    lines = {name: value for name, value in VALUES.items() if name != "NEWLINES"}
    assert FORMATS["docker"](lines).splitlines() == [f"{name}={value}" for name, value in lines.items()]
    with pytest.raises(Problem, match="NEWLINES has more than one line"):
        FORMATS["docker"](VALUES)
