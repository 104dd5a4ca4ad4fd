"""The main job by keyboard alone, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from practice.seed import PracticeAws, PracticeUser
from tests.browser.installation import PASSWORD, Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name
from tests.processes.processes import wait_for


@pytest.fixture
def manager(practice: PracticeAws) -> PracticeUser:
    return practice.make_manager(new_name("manager"))


@pytest.fixture
def target(practice: PracticeAws) -> PracticeUser:
    return practice.make_target(new_name("reporter"), with_key=False)


def test_the_keyboard_alone_does_the_main_job(
    ana: Screen, office: Installation, manager: PracticeUser, target: PracticeUser
):
    office.make_project("keys")
    page = ana.page
    page.goto("/projects/keys/secrets/production")
    ana.tab_to("Create these two placeholders")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="AWS_SECRET_ACCESS_KEY")).to_be_visible()
    page.goto("/projects/keys/strategies")
    ana.tab_to("AWS IAM Rotate a user\N{RIGHT SINGLE QUOTATION MARK}s access key")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Manager User Access Key")).to_be_visible()
    ana.type_into("Manager User Access Key", manager.key.access_key_id)
    ana.type_into("Manager User Secret Key", manager.key.secret_access_key)
    ana.type_into("Manager User AWS Region", "eu-central-1")
    ana.type_into("IAM Username", target.user_name)
    page.keyboard.press("Enter")
    row = page.get_by_role("row", name=target.user_name)
    expect(row).to_be_visible()
    ana.tab_to(f"Rotate {target.user_name}")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Up to date")
    assert office.caller(office.published(target.user_name)).endswith(target.user_name)
    ana.tab_to(f"More for {target.user_name}")
    page.keyboard.press("Enter")
    ana.tab_to("Delete…")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name=f"More for {target.user_name}")).to_be_focused()


def test_without_javascript_the_main_job_is_done_by_plain_forms(
    office: Installation, open_screen: Callable[..., Screen], manager: PracticeUser, target: PracticeUser
):
    office.make_project("plain")
    screen = open_screen(office.url, javascript=False)
    screen.sign_in("ana", PASSWORD)
    page = screen.page
    page.goto("/projects/plain/secrets/production")
    page.get_by_role("link", name="Add secret").click()
    for name in ("AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"):
        if not page.get_by_role("form", name="Add a secret").is_visible():
            page.get_by_role("link", name="Add secret").click()
        page.locator(".kt-inline-form").get_by_label("Name").fill(name)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("row", name=name)).to_be_visible()
    screen.look("plain-secrets")
    page.get_by_role("link", name="Secret Rotation").click()
    page.get_by_role("main").get_by_role("link", name="AWS IAM").click()
    fill_in(page, manager, target)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("Good to go")).to_be_visible()
    screen.look("plain-strategy-form")
    fill_in(page, manager, target)
    page.locator("#submit").click()
    page.get_by_role("button", name=f"Rotate {target.user_name}").click()
    expect(page.get_by_role("heading", name="Rotation")).to_be_visible()
    screen.look("plain-rotation")
    wait_for(lambda: office.published(target.user_name).access_key_id, "a new key")
    page.reload()
    expect(page.get_by_text("Programs read the new key since")).to_be_visible()
    assert office.caller(office.published(target.user_name)).endswith(target.user_name)
    page.goto("/projects/plain/secrets/production")
    page.get_by_role("link", name="Reveal AWS_ACCESS_KEY").click()
    screen.look("plain-reveal")
    page.get_by_role("button", name="Reveal").click()
    expect(page.locator("pre")).to_have_text(office.published(target.user_name).access_key_id)


def fill_in(page: Page, manager: PracticeUser, target: PracticeUser) -> None:
    page.get_by_label("Manager User Access Key").fill(manager.key.access_key_id)
    page.get_by_label("Manager User Secret Key").fill(manager.key.secret_access_key)
    page.get_by_label("Manager User AWS Region").fill("eu-central-1")
    page.get_by_label("IAM Username").fill(target.user_name)
