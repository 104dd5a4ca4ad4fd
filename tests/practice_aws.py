"""Practice AWS for tests: its process for the session, and a clean behaviour for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from practice.behaviour import Behaviour
from practice.seed import PracticeAws

ROOT = Path(__file__).parent.parent
_numbers = count(1)


@contextmanager
def running_practice(folder: Path) -> Iterator[PracticeAws]:
    """A practice AWS of its own, that says in `folder` where it is."""
    ready_file = folder / "ready.json"
    command = [sys.executable, "-m", "practice", "--ready-file", str(ready_file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "listens" in process.stdout.readline()
        yield PracticeAws.from_ready_file(ready_file)
        process.terminate()


@pytest.fixture(scope="session")
def practice_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeAws]:
    with running_practice(tmp_path_factory.mktemp("practice")) as practice:
        yield practice


@pytest.fixture
def practice(practice_process: PracticeAws) -> PracticeAws:
    """Practice AWS without latency, propagation or faults; users of earlier tests may still be there."""
    practice_process.clear_faults()
    practice_process.clear_deeds()
    practice_process.set(**{**vars(Behaviour()), "propagation_s": [0, 0]})
    return practice_process


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine without any other AWS setting."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    return monkeypatch


def new_name(stem: str) -> str:
    """A user name that no other test of the session has."""
    return f"{stem}-{next(_numbers)}"
