"""Chromium, a Keyturn that runs, and who sits before the screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from practice.seed import PracticeAws
from tests.browser.find_browser import find_browser
from tests.browser.installation import PASSWORD, Installation
from tests.browser.screen import Screen
from tests.practice_aws import running_practice

expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Chromium's sandbox doesn't work for root.
    flags = ["--no-sandbox"] if os.getuid() == 0 else []
    found = find_browser()  # which may need a Playwright of its own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def practice_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeAws]:
    """Practice AWS of the browser's tests alone.

    The office goes on asking AWS between its tests: in the log of another test nobody would expect that, and it
    would meet the fault that is meant for that test's next call.
    """
    with running_practice(tmp_path_factory.mktemp("practice")) as practice:
        yield practice


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, practice_process: PracticeAws) -> Iterator[Installation]:
    """A Keyturn with an administrator, ana."""
    installation = Installation(tmp_path_factory.mktemp("office"), practice_process, people=("ana",))
    yield installation
    installation.close()


@pytest.fixture
def open_screen(chromium: Browser) -> Iterator[Callable[..., Screen]]:
    """Opens windows, as `Screen` does. When the test ends, none may have complained."""
    screens: list[Screen] = []

    def open_one(url: str, **options) -> Screen:
        screens.append(Screen(chromium, url, **options))
        return screens[-1]

    yield open_one
    for screen in screens:
        screen.close()
    for screen in screens:
        screen.check()


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, office: Installation):
    """The cookies of ana's browser."""
    screen = Screen(chromium, office.url)
    screen.sign_in("ana", PASSWORD)
    state = screen.context.storage_state()
    screen.close()
    return state


@pytest.fixture
def ana(open_screen: Callable[..., Screen], office: Installation, practice: PracticeAws, signed_in) -> Screen:
    """Ana's window. She has just given her password, however long the tests take."""
    office.password_was_given("ana", datetime.now(UTC))
    return open_screen(office.url, state=signed_in)
