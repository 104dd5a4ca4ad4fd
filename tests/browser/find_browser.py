"""Finds the browser that the tests drive: the machine's own, else Playwright's, else Debian's where it may install it.

`python tests/browser/find_browser.py` sees to it that there is one, or says what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MISSING = (
    "The browser tests need Chromium, and this machine has none that can be found or installed from here.\n"
    "On Debian, as root: apt-get install chromium. Elsewhere: .venv/bin/playwright install --with-deps chromium."
)


def find_browser() -> str | None:
    """The program to start as `executable_path`, or None when there is none."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def make_sure() -> bool:
    """See to it that there is a browser; False when there is no way."""
    return _starts() or any(install() and _starts() for install in (_by_playwright, _by_apt))


def _starts() -> bool:
    # A browser that was downloaded may lack libraries of the system.
    found = find_browser()
    return found is not None and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0


def _by_playwright() -> bool:
    return _run(sys.executable, "-m", "playwright", "install", "chromium")


def _by_apt() -> bool:
    if os.getuid() != 0 or not shutil.which("apt-get"):
        return False
    install = ("apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", "chromium")
    return _run("apt-get", "update", "--quiet=2") and _run(*install)


def _run(*argv: str) -> bool:
    sys.stdout.write(f"No browser yet. Trying: {' '.join(argv)}\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(argv, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    if not make_sure():
        sys.exit(_MISSING)
