"""What tests of processes share: waiting for a condition, and what is left of a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import psutil

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, within_s: float = 30) -> T:
    """The condition's first true value. Fails the test when it doesn't come."""
    until = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"{what} didn't come within {within_s} s")
        time.sleep(0.02)
    return value


def family(pid: int) -> list[psutil.Process]:
    """The process and all its descendants."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def alive(processes: Iterable[psutil.Process]) -> list[str]:
    """Those that still run; a zombie has ended, and waits only for its parent to notice."""
    return [str(process) for process in processes if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
