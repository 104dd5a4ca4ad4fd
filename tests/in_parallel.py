"""How the tests are shared out to several processes (`pytest -n 2`): by files, the longest first."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser"
# A long file that begins last would be waited for by all.
LONG = (
    BROWSER,
    "tests/crash",
    "tests/rotation/test_killed",
    "tests/processes",
    "tests/jobs",
    "tests/databases",
    "tests/rotation",
)


class ByFile(LoadScopeScheduling):
    """The tests of a file stay together, and the browser's all: they share a Keyturn and a Chromium."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    return next((rank for rank, start in enumerate(LONG) if nodeid.startswith(start)), len(LONG))
