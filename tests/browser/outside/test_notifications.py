"""Who is told of what happens: webhooks and addresses, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.installation import Installation
from tests.browser.screen import Screen
from tests.rotation.telling.receiver import Receiver, receiving

LIST = "/projects/told/notifications"


@pytest.fixture(scope="module")
def told(office: Installation) -> str:
    return office.make_project("told")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_a_webhook_is_added_and_tried(ana: Screen, told: str, receiver: Receiver):
    page = ana.page
    page.goto(LIST)
    expect(page.get_by_role("heading", name="Nobody is told when something goes wrong")).to_be_visible()
    ana.look("notifications-none")
    ana.press("Add a webhook")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a webhook")
    ana.type_into("Name", "deploys")
    ana.look("notifications-new-webhook")
    page.get_by_label("Name").focus()
    ana.type_into("Address", receiver.url)
    ana.press("May lead to a private address", "Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("The secret of deploys")
    ana.look("notifications-secret")
    ana.press("Done")
    expect(page.get_by_role("heading", level=1)).to_have_text("deploys")
    ana.press("Send a test")
    expect(page.get_by_role("table", name="Deliveries")).to_contain_text("Delivered")
    assert receiver.received[0].headers["webhook-signature"]
    receiver.answer = 500, b"Out of paper", {}
    ana.press("Send a test")
    expect(page.get_by_role("table", name="Deliveries")).to_contain_text("Out of paper")
    ana.look("notifications-webhook")


def test_an_address_is_added_and_never_shown_again(ana: Screen, told: str):
    page = ana.page
    page.goto(f"{LIST}/addresses/new")
    ana.type_into("Name", "team")
    ana.type_into("Address", "mailtos://keyturn:not-a-password@example.com?to=team@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("team")
    assert "not-a-password" not in page.content()
    ana.look("notifications-address")
    page.goto(LIST)
    expect(page.get_by_role("row", name="team")).to_contain_text("Nothing was told yet")
    ana.look("notifications-list")
