"""What programs are given: tokens, and the lines by which they fetch a strategy's credentials. By keyboard alone."""

from __future__ import annotations

import json
import re
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from practice.seed import PracticeAws
from tests.browser.installation import Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name
from tests.processes.processes import wait_for

TOKENS = "/projects/programs/tokens"


@pytest.fixture(scope="module")
def target(office: Installation, practice_process: PracticeAws) -> str:
    """A strategy's user; its address is the project's first strategy."""
    office.make_project("programs")
    made = practice_process.make_target(new_name("billing-api"))
    office.make_strategy("programs", made, practice_process.make_manager(new_name("manager")))
    return made.user_name


def fetched(address: str, token: str) -> dict[str, str] | None:
    """What a program is handed; None while a worker still fetches it from STS."""
    try:
        with urlopen(Request(address, headers={"Authorization": token}), timeout=20) as answer:  # noqa: S310 - our own
            return json.load(answer)
    except HTTPError as error:
        error.close()
        if error.code != 503:
            raise
        return None


def test_a_token_is_made_copied_and_used(ana: Screen, target: str):
    page = ana.page
    page.goto(TOKENS)
    expect(page.get_by_role("heading", name="No program has a token yet")).to_be_visible()
    ana.press("Make a token")
    expect(page.get_by_role("heading", level=1)).to_have_text("Make a token")
    ana.type_into("Name", "billing-api")
    ana.look("tokens-new")
    page.get_by_label("Name").focus()
    ana.type_into("Path", f"/{target}")
    ana.press(f"Credentials of {target}", "Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The token billing-api")
    ana.look("tokens-shown")
    token = page.locator("pre").inner_text().strip()
    ana.press("Copy token")
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token

    ana.press("the lines for its program")
    expect(page.locator("#programs")).to_contain_text("No program has fetched these credentials yet.")
    ana.press("Rotate")
    expect(page.locator("#strategy-head")).to_contain_text("Up to date")
    address = re.search(r"FULL_URI=(\S+)", page.locator("#programs").inner_text())[1]
    handed = wait_for(lambda: fetched(address, token), "the credentials")
    assert handed["AccessKeyId"]
    page.reload()
    expect(page.get_by_role("table", name="Who holds which key")).to_contain_text("as a session")
    ana.press("Docker Compose")
    ana.look("programs")

    page.goto(TOKENS)
    expect(page.get_by_role("row", name="billing-api")).to_contain_text("from 127.0.0.1")
    ana.look("tokens-list")
    ana.press("Revoke the token billing-api")
    expect(page.get_by_role("dialog").locator(":focus")).to_have_count(1)
    ana.press("Revoke")
    expect(page.get_by_role("row", name="billing-api")).to_contain_text("Revoked")
