"""`keyturn demo` as it greets who has just started it: its history, its practice values, its first steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.screen import Screen
from tests.processes.conftest import Demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    run = Demo(tmp_path_factory.mktemp("instance"))
    yield run
    run.engine.dispose()
    run.close()


def test_the_practice_values_do_the_main_job(demo: Demo, open_screen: Callable[..., Screen]):
    facts = demo.facts
    name = facts["targets"][1]["user_name"]
    screen = open_screen(facts["url"])
    screen.sign_in(facts["user"], facts["password"])
    page = screen.page
    page.goto("/projects/payments/strategies")
    expect(page.get_by_role("row", name=facts["targets"][0]["user_name"])).to_be_visible()
    screen.look("demo-strategies")
    page.get_by_role("main").get_by_role("link", name="AWS IAM").click()
    page.get_by_role("link", name="Use the practice values").click()
    expect(page).to_have_url("/projects/payments/strategies/new/aws-iam?practice=1")
    page.get_by_label("IAM Username").fill(name)
    page.get_by_label("Secret path").fill("/mail")
    page.get_by_label("Secret path").blur()
    screen.look("demo-practice-values")
    page.locator("#submit").click()
    page.get_by_role("button", name=f"Rotate {name}").click()
    expect(page.get_by_role("row", name=name)).to_contain_text("Up to date", timeout=60_000)
    screen.look("demo-turned")
