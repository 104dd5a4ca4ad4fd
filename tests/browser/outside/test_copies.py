"""Copies in another store: a destination is added, tested and written to, fails and is mended. By keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from practice.seed import PracticeAws
from practice.stores.github import GitHub, Token
from tests.browser.installation import Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name

COPIES = "/projects/copied/copies"
MAY_WRITE = Token(frozenset({"metadata:read", "secrets:read", "secrets:write"}))


@pytest.fixture(scope="module")
def target(office: Installation, practice_process: PracticeAws) -> str:
    """A strategy's user."""
    office.make_project("copied")
    made = practice_process.make_target(new_name("shop"))
    office.make_strategy("copied", made, practice_process.make_manager(new_name("manager")))
    return made.user_name


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub({"example-token": MAY_WRITE}) as made:
        yield made


def _add_destination(ana: Screen, github: GitHub) -> None:
    page = ana.page
    page.goto(COPIES)
    expect(page.get_by_role("heading", name="Nothing is copied anywhere yet")).to_be_visible()
    ana.look("copies-none")
    ana.press("Add a destination")
    ana.look("copies-kinds")
    page.get_by_role("link", name="GitHub Actions").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add GitHub Actions")
    ana.type_into("Name", "shop")
    for label, text in (("Address of the API", github.url), ("Owner", "acme"), ("Repository", "shop")):
        page.get_by_label(label, exact=True).focus()
        page.keyboard.press("Control+A")
        page.keyboard.type(text)
    ana.type_into("Access token", "example-token")
    ana.look("copies-new")
    page.get_by_label("Access token").focus()
    ana.press("May lead to a private address", "Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("shop")
    ana.press("Test")
    expect(page.get_by_role("heading", name="The test went well")).to_be_visible()


def test_a_key_is_copied_fails_and_is_mended(ana: Screen, target: str, office: Installation, github: GitHub):
    page, holds = ana.page, github.places["repos/acme/shop"].secrets
    _add_destination(ana, github)
    ana.press("Copy something here")
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy a strategy’s key")  # noqa: RUF001 - as it stands there
    ana.look("copies-add")
    page.get_by_label("Name of the access key ID").focus()
    page.keyboard.press("Enter")
    copies = page.get_by_role("table", name="What is copied here")
    expect(copies).to_contain_text("Up to date")
    assert sorted(holds) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    destination = page.url

    github.tokens.clear()
    page.get_by_role("link", name=target, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(target)
    ana.press("Rotate")
    expect(page.locator("#strategy-head")).to_contain_text("Copy fails")
    expect(page.locator("#copies")).to_contain_text("1 copy doesn")
    ana.look("copies-of-strategy")
    page.goto(destination)
    expect(copies).to_contain_text("Credential refused")
    ana.look("copies-failing")

    github.tokens["example-token"] = MAY_WRITE
    ana.press(f"Try {target} now")
    expect(copies).to_contain_text("Up to date")
    assert holds["AWS_ACCESS_KEY_ID"].value == office.published(target).access_key_id
    ana.press(f"Stop copying {target}")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Delete what Keyturn made")).to_be_checked()
    ana.press("Stop copying")
    expect(page.get_by_role("heading", name="Nothing is copied here yet")).to_be_visible()
    assert not holds
