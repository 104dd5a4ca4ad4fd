"""Secrets by what a person does with them: paste, show, bring back, search, move."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.installation import PASSWORD, Installation
from tests.browser.screen import Screen

PASTED = 'DATABASE_URL=postgres://db/shop\nGREETING="two\nlines"\nEMPTY=\n'


@pytest.fixture(scope="module", autouse=True)
def project(office: Installation) -> str:
    return office.make_project("shop")


def test_a_pasted_text_makes_several_secrets_at_once(ana: Screen):
    page = ana.page
    page.goto("/projects/shop/secrets/staging")
    page.get_by_role("link", name="Add several…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("1ST=wrong\n" + PASTED)
    expect(dialog.locator("li.bad")).to_contain_text("Line 1")
    ana.look("secrets-import-refused")
    dialog.get_by_role("textbox").fill(PASTED)
    expect(dialog.get_by_text("3 secrets can be added.")).to_be_visible()
    dialog.get_by_role("button", name="Add secrets").click()
    for name in ("DATABASE_URL", "GREETING", "EMPTY"):
        expect(page.get_by_role("row", name=name)).to_be_visible()
    expect(dialog).to_be_hidden()
    ana.look("secrets-list")


def test_an_earlier_version_is_brought_back(ana: Screen, office: Installation):
    page = ana.page
    page.goto("/projects/shop/secrets/development")
    add(page, "COLOUR", "blue")
    page.get_by_role("link", name="Edit COLOUR").click()
    inline_form(page).get_by_label("Value").fill("red")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Version 2 of COLOUR")).to_be_visible()
    page.get_by_role("link", name="Version 2 of COLOUR").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("by ana").first).to_be_visible()
    ana.look("secrets-versions")
    drawer.get_by_role("link", name="Bring back version 1…").click()
    expect(page.get_by_role("button", name="Bring it back")).to_be_visible()
    ana.look("secrets-restore")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("link", name="Version 3 of COLOUR")).to_be_visible()
    office.forget_password_of("ana")
    page.get_by_role("link", name="Reveal COLOUR").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Reveal").click()
    expect(dialog.locator("pre")).to_have_text("blue")
    ana.look("secrets-revealed")


def test_a_search_finds_names_in_all_paths_and_a_secret_moves(ana: Screen):
    page = ana.page
    page.goto("/projects/shop/secrets/production/web")
    add(page, "TOKEN_OF_WEB", "a value")
    page.goto("/projects/shop/secrets/production")
    page.get_by_role("searchbox").fill("of_web")
    expect(page.get_by_role("row", name="TOKEN_OF_WEB")).to_be_visible()
    expect(page).to_have_url("/projects/shop/secrets/production?q=of_web")
    ana.look("secrets-search")
    page.get_by_role("button", name="More for TOKEN_OF_WEB").click()
    page.get_by_role("link", name="Move…").locator("visible=true").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("TOKEN_OF_WEB")).to_be_checked()
    ana.look("secrets-move")
    dialog.get_by_label("Path").fill("/billing/api")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog).to_be_hidden()
    page.goto("/projects/shop/secrets/production/billing/api")
    expect(page.get_by_role("row", name="TOKEN_OF_WEB")).to_be_visible()


def test_a_secret_is_deleted(ana: Screen):
    page = ana.page
    page.goto("/projects/shop/secrets/production/old")
    add(page, "FORGOTTEN", "a value")
    page.get_by_role("button", name="More for FORGOTTEN").click()
    page.get_by_role("link", name="Delete…").locator("visible=true").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    ana.look("secrets-delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No secret in")).to_be_visible()


def add(page: Page, name: str, value: str) -> None:
    """A secret, in place."""
    page.get_by_role("link", name="Add secret").click()
    form = inline_form(page)
    form.get_by_label("Name").fill(name)
    form.get_by_label("Value").fill(value)
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name=name)).to_be_visible()


def inline_form(page: Page) -> Locator:
    """The form in place, once htmx has settled it and put the focus on its name: what is typed earlier lands there."""
    form = page.locator(".kt-inline-form")
    expect(form.get_by_label("Name")).to_be_focused()
    return form
