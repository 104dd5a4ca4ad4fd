"""A project's environments: made, renamed, deleted while they are empty."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.installation import Installation
from tests.browser.screen import Screen


@pytest.fixture
def rooms(office: Installation) -> str:
    return office.make_project("rooms")


def test_an_environment_comes_is_renamed_and_goes(ana: Screen, rooms: str):
    page, dialog = ana.page, ana.page.get_by_role("dialog")
    page.goto(f"{rooms}/secrets/production")
    page.get_by_role("button", name="Create these two placeholders").click()
    expect(page.get_by_role("row", name="AWS_ACCESS_KEY")).to_be_visible()
    page.goto(f"{rooms}/settings")
    form = page.locator("form", has=page.get_by_role("button", name="Add environment"))
    form.get_by_label("Name").fill("preview")
    form.get_by_role("button", name="Add environment").click()
    expect(page.locator("#toast")).to_contain_text("Added preview")
    page.wait_for_load_state()

    page.get_by_role("link", name="Rename preview").click()
    dialog.get_by_label("Name").fill("production")
    ana.provoke(422, "/environments/preview/rename")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.locator(".kt-error")).to_contain_text("has an environment of this name already")
    ana.look("environments-rename-refused")
    dialog.get_by_label("Name").fill("review")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("row", name="review")).to_be_visible()

    page.get_by_role("link", name="Delete production").click()
    expect(
        dialog.get_by_role("heading", name="production can\N{RIGHT SINGLE QUOTATION MARK}t be deleted")
    ).to_be_visible()
    expect(dialog.get_by_role("button", name="Delete")).to_have_count(0)
    ana.look("environments-delete-refused")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Delete review").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("row", name="review")).to_have_count(0)
    expect(page.get_by_role("row", name="production")).to_be_visible()
