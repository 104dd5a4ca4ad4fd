"""What has become of keys, as the list and the pages tell it; and what is done to many at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import delete

from models.heartbeat import RESTORE, Heartbeat, beat
from tests.browser.engine.conftest import FOREIGN
from tests.browser.installation import Installation
from tests.browser.screen import Screen

LIST = "/projects/engine/strategies"
LIKE_ANOTHER = {"web-upload", "ledger", "Undo…"}
"""What looks like another that is looked at: a look takes seconds."""


def test_the_list_tells_what_is_the_matter_with_each(ana: Screen, engine: dict[str, str]):
    page = ana.page
    page.goto(LIST)
    for name, told in (
        ("checkout-api", "until"),
        ("mail-relay", "old key inactive"),
        ("search-index", "Compromised"),
        ("log-shipper", "last used 3 h ago"),
        ("report-mailer", "Old key in use"),
        ("image-resizer", "its key was deleted at AWS"),
    ):
        expect(page.get_by_role("row", name=f"Choose {name}")).to_contain_text(told)
    expect(page.get_by_text(f"Rotate again: {FOREIGN} is taken over then.")).to_be_visible()
    ana.look("engine-list")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mail-relay", "The old key is inactive"),
        ("search-index", "The key that programs read is compromised"),
        ("web-upload", "It is kept inactive as evidence until a person deletes it."),
        ("log-shipper", "Somebody else made it."),
        ("image-resizer", "and their calls fail"),
        ("report-mailer", "Tell me when it goes quiet"),
        ("ledger", "By button only"),
    ],
)
def test_a_strategys_page_tells_it_in_full(ana: Screen, engine: dict[str, str], name: str, told: str):
    ana.page.goto(engine[name])
    expect(ana.page.get_by_text(told).first).to_be_visible()
    if name not in LIKE_ANOTHER:
        ana.look(f"engine-{name}")


def test_a_dialog_opens_though_news_replaced_the_button_that_asked_for_it(ana: Screen, engine: dict[str, str]):
    page = ana.page
    page.goto(engine["report-mailer"])

    def answer_late(route: Route) -> None:
        page.evaluate("form = document.querySelector('#rotate').form; form.replaceWith(form.cloneNode(true))")
        route.continue_()

    page.route("**/rotate", answer_late)
    page.get_by_role("button", name="Rotate", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("report-mailer still has its old key")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Rotate", exact=True)).to_be_focused()


def test_what_is_chosen_and_not_saved_outlives_news(ana: Screen, engine: dict[str, str]):
    page = ana.page
    page.goto(engine["report-mailer"])
    page.locator("label[for=hands-out-key]").click()
    page.get_by_label("Each holds for").select_option("43200")
    page.get_by_text("What each SDK takes").click()
    page.evaluate("document.querySelector('#programs-heading').textContent = 'before the news'")
    page.evaluate("htmx.ajax('GET', `${location.pathname}/news?seen=&finished=`, '#news')")
    expect(page.locator("#programs-heading")).to_have_text("Programs")
    expect(page.get_by_label("The key itself")).to_be_checked()
    expect(page.get_by_label("Each holds for")).to_have_value("43200")
    expect(page.get_by_text("AsyncAws (PHP)")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "button", "heading"),
    [
        ("report-mailer", "Compromised…", "Is the current key compromised?"),
        ("report-mailer", "Undo…", "Go back to the key before?"),
        ("search-index", "Deactivate it now…", "Deactivate the key that programs read?"),
    ],
)
def test_a_dialog_says_what_it_does_before_it_is_done(
    ana: Screen, engine: dict[str, str], name: str, button: str, heading: str
):
    page = ana.page
    page.goto(engine[name])
    page.get_by_role("link", name=button).first.click()
    expect(page.get_by_role("dialog")).to_contain_text(heading)
    if button not in LIKE_ANOTHER:
        ana.look("engine-dialog-" + button.partition(" ")[0].rstrip("…").lower())


def test_a_schedule_is_paused_until_a_time(ana: Screen, engine: dict[str, str]):
    page = ana.page
    page.goto(engine["audit-export"])
    page.get_by_role("button", name="More for audit-export").click()
    page.get_by_role("link", name="Pause until…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Pause the schedule of audit-export")
    ana.look("engine-dialog-pause")
    page.get_by_role("button", name="Pause until then").click()
    expect(page.locator("#strategy-head")).to_contain_text("Paused")


def test_many_are_done_at_once_with_one_confirmation(ana: Screen, engine: dict[str, str]):
    page = ana.page
    page.goto(LIST)
    for name in ("cdn-purger", "mail-relay", "image-resizer"):
        page.get_by_role("checkbox", name=f"Choose {name}").check()
    for deed, heading in (("Rotate…", "Rotate 3 keys"), ("Schedule…", "Change 3 schedules")):
        page.get_by_role("button", name=deed, exact=True).click()
        expect(page.get_by_role("dialog")).to_contain_text(heading)
        if deed == "Schedule…":
            ana.look("engine-bulk-schedule")
        page.get_by_role("button", name="Cancel").or_(page.get_by_role("link", name="Cancel")).last.click()
        expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Pause…", exact=True).click()
    page.get_by_role("button", name="Pause 3 schedules").click()
    expect(page.locator(".kt-batch").first).to_contain_text("3 of 3")
    ana.look("engine-bulk-done")
    page.get_by_role("checkbox", name="All ").check()
    page.get_by_role("button", name="Resume…", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Resume ").click()
    expect(page.locator(".kt-batch").first).to_contain_text("Resumed")


def test_after_a_restore_refused_keys_are_listed(ana: Screen, engine: dict[str, str], office: Installation):
    with office.session() as session, session.begin():
        beat(session, RESTORE, datetime.now(UTC))
    try:
        ana.page.goto("/status")
        expect(ana.page.get_by_text("The database was restored from a backup")).to_be_visible()
        expect(ana.page.get_by_role("row", name="image-resizer")).to_be_visible()
        ana.look("engine-restored")
    finally:
        with office.session() as session, session.begin():
            session.execute(delete(Heartbeat).where(Heartbeat.name == RESTORE))
