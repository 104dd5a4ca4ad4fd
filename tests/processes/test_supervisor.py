"""The supervisor with real processes: small shell programs instead of Keyturn's own."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.processes.processes import Run, alive, family, wait_for

SCRIPT = Path(__file__).with_name("supervise.py")
SLEEPS = ["/bin/sleep", "60"]
STUBBORN = "trap '' TERM; sh -c 'trap \"\" TERM; sleep 60' & echo up; wait"


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Runs a supervisor over the given programs."""
    runs: list[Run] = []

    def start(**programs: list[str]) -> Run:
        runs.append(Run([sys.executable, str(SCRIPT), json.dumps(programs)], tmp_path / f"{len(runs)}.log"))
        return runs[-1]

    yield start
    for run in runs:
        run.close()


def pids(run: Run) -> dict[str, int]:
    return json.loads(run.line("all run:").partition(":")[2])


def test_lines_are_forwarded_with_the_name_of_their_process(supervise):
    run = supervise(teller=["/bin/sh", "-c", "echo one; echo two >&2; printf unfinished; sleep 60"])
    assert run.line("one") == "teller       | one"
    assert run.line("two") == "teller       | two"
    assert "teller       | unfinished" in run.end(signal.SIGTERM)


def test_a_child_that_dies_comes_back_and_the_log_says_so(supervise):
    run = supervise(sleeper=SLEEPS)
    first = pids(run)["sleeper"]
    os.kill(first, signal.SIGKILL)
    assert "sleeper ended (signal SIGKILL); it starts again in 0.05 s" in run.line("ended")
    second = int(run.line("sleeper runs again").partition("(process ")[2].rstrip(")"))
    assert second != first
    assert psutil.Process(second).ppid() == run.process.pid


def test_what_a_dead_child_left_behind_ends_before_it_comes_back(supervise):
    run = supervise(parent=["/bin/sh", "-c", "sleep 60 & echo child $!; wait"])
    parent = pids(run)["parent"]
    orphan = psutil.Process(int(run.line("child").split()[-1]))
    os.kill(parent, signal.SIGKILL)
    run.line("parent runs again")
    assert alive([orphan]) == []


def test_a_child_that_cannot_stay_up_ends_all_with_its_last_lines(supervise):
    run = supervise(sleeper=SLEEPS, faller=["/bin/sh", "-c", "echo the disk is full; exit 3"])
    children = family(run.process.pid)
    text = run.end()
    assert run.process.returncode == 1
    assert "faller doesn't stay up: it ended 3 times in a row, at last with exit code 3" in text
    assert text.endswith("  the disk is full\n")
    assert alive(children) == []


def test_a_program_that_is_not_there_ends_all_with_its_name(supervise):
    run = supervise(sleeper=SLEEPS, ghost=["/nowhere/ghost"])
    assert run.end().endswith("ghost can't be started: /nowhere/ghost: No such file or directory\n")
    assert run.process.returncode == 1


def test_a_task_is_finished_before_what_comes_after_it(supervise):
    run = supervise(task=["/bin/sh", "-c", "echo log >&2; echo 42"], sleeper=SLEEPS)
    assert run.line("log") == "task         | log"
    assert run.line("result") == "result: 42"
    assert set(pids(run)) == {"keyturn", "sleeper"}


def test_a_task_that_fails_ends_all_with_what_it_said(supervise):
    run = supervise(sleeper=SLEEPS, task=["/bin/sh", "-c", "echo The master key is another one. >&2; exit 1"])
    assert run.end().endswith("The master key is another one.\n")
    assert run.process.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all_and_leaves_nothing(supervise, number):
    run = supervise(sleeper=SLEEPS, stubborn=["/bin/sh", "-c", STUBBORN])
    run.line("| up")
    processes = wait_for(lambda: (found := family(run.process.pid))[4:] and found, "the stubborn one's own child")
    assert f"{number.name}: ending all" in run.end(number)
    assert run.process.returncode == 0
    assert alive(processes) == []


def test_a_signal_during_the_start_ends_all(supervise):
    run = supervise(sleeper=SLEEPS, task=["/bin/sh", "-c", "echo busy >&2; sleep 60"])
    run.line("busy")
    processes = family(run.process.pid)
    run.end(signal.SIGTERM)
    assert run.process.returncode == 0
    assert alive(processes) == []


def test_children_end_with_a_supervisor_that_is_killed(supervise):
    run = supervise(sleeper=SLEEPS, other=SLEEPS)
    pids(run)
    processes = family(run.process.pid)
    run.process.kill()
    wait_for(lambda: not alive(processes), "the end of the children")
