"""What `pip install 'keyturn[server]'` installs is whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from zipfile import ZipFile

from tests.processes.processes import ROOT

_LEFT_OUT = {".git", ".venv", ".sdk", "instance", "build", "node_modules", "__pycache__", "tests"}
_OF_THE_SERVER = ("templates", "static", "migrations", "keyturn", "views")


def test_the_wheel_has_every_file_that_the_server_serves(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=lambda _folder, names: _LEFT_OUT & {*names})
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, source],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        there = {*archive.namelist()}
    files = {
        path.relative_to(source).as_posix()
        for folder in _OF_THE_SERVER
        for path in (source / folder).rglob("*")
        if path.is_file() and path.name != "renew"  # fetches what is in static/vendor anew: for who works on Keyturn
    }
    assert files - there == set()
