"""When a key turns, how AWS is reached, and what is taken over: the forms that say so while they are filled in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from practice.seed import PracticeAws, PracticeUser
from rotation.setup.policy import trust_policy
from tests.browser.installation import Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name

NEW = "/projects/forms/strategies/new/aws-iam"


@pytest.fixture(scope="session")
def forms(office: Installation) -> str:
    """A project with a maximum age."""
    address = office.make_project("forms")
    office.allow_age("forms", days=90)
    return address


@pytest.fixture(scope="session")
def manager(practice_process: PracticeAws) -> PracticeUser:
    return practice_process.make_manager(new_name("manager"))


@pytest.fixture
def page(ana: Screen, forms: str) -> Iterator[Page]:
    yield ana.page
    ana.check()


def fill_manager(page: Page, manager: PracticeUser) -> None:
    page.get_by_label("Manager User Access Key").fill(manager.key.access_key_id)
    page.get_by_label("Manager User Secret Key").fill(manager.key.secret_access_key)


def test_the_users_keys_are_offered_to_be_taken_over(
    ana: Screen, page: Page, practice: PracticeAws, manager: PracticeUser
):
    target = practice.make_target(new_name("billing-api"))
    practice.client("sts", target.key).get_caller_identity()
    page.goto(NEW)
    ana.stay()
    fill_manager(page, manager)
    page.get_by_label("Manager User AWS Region").fill("eu-central-1")
    page.get_by_label("IAM Username").fill(target.user_name)
    page.locator("#checks").get_by_role("button", name="Check").click()
    page.locator("label", has_text=target.key.access_key_id).click()
    expect(page.get_by_role("radio", name=target.key.access_key_id)).to_be_checked()
    page.get_by_text("The user sends mail through SES by SMTP").click()
    page.locator("#smtp_region").fill("eu-west-1")
    expect(page.locator("#smtp")).to_contain_text("SMTP")
    page.get_by_role("radio", name="Cron").check()
    page.get_by_label("Cron expression").fill("30 3 * * 1")
    page.locator("#part-schedule summary").first.click()
    page.get_by_label("Time zone").fill("America/New_York")
    page.get_by_label("Begin rotations only within a window").check()
    expect(page.locator("#next-times li")).to_have_count(5)
    expect(page.locator("#next-times")).to_contain_text("in America/New_York")
    ana.look("forms-cron")
    assert ana.stayed()


def test_a_time_of_day_and_the_projects_maximum_age(ana: Screen, page: Page):
    page.goto(NEW)
    page.get_by_role("radio", name="At a time").check()
    page.get_by_label("at", exact=True).fill("03:30")
    for day in ("Tue", "Wed", "Fri"):
        page.get_by_role("group", name="Days", exact=True).get_by_label(day).uncheck()
    page.locator("label", has_text="the same, but by a deadline").click()
    expect(page.locator("#next-times li")).to_have_count(5)
    expect(page.locator("#next-times")).to_contain_text("Keys of forms may be 90 days old")
    ana.look("forms-daily")


def test_a_connection_by_a_role_and_its_own_key(ana: Screen, page: Page, practice: PracticeAws, office: Installation):
    caller = practice.make_manager(new_name("keyturn"))
    page.goto("/projects/forms/connections/new")
    page.get_by_role("radio", name="Role").check()
    fill_manager(page, caller)
    page.get_by_label("Manager User AWS Region").fill("eu-central-1")
    external_id = page.locator(".kt-case-role code").first.inner_text()
    trust = trust_policy(f"arn:aws:iam::{practice.account_id}:user/{caller.user_name}", external_id)
    page.locator("#role_arn").fill(practice.make_role(new_name("keyturn-role"), trust))
    ana.look("forms-role")
    page.get_by_role("button", name="Save connection").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("keyturn-role")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("The role can be assumed")).to_be_visible()
    ana.look("forms-role-connection")
    page.get_by_role("main").get_by_role("link", name="Edit").first.click()
    page.locator("#verify_rounds").fill("1")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.get_by_role("link", name="Turn this key, too").click()
    ana.stay()
    page.locator("#interval").fill("45")
    expect(page.locator("#next-times")).to_contain_text("in 1 mo 1")
    expect(page.locator("#next-times li")).to_have_count(5)
    assert ana.stayed()
    ana.look("forms-turn")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator("#strategy-head")).to_contain_text(caller.user_name)
    page.get_by_role("button", name="Rotate").click()
    expect(page.locator("#progress")).to_contain_text("proven to be allowed what")
    page.goto("/projects/forms/connections")
    page.get_by_role("row", name="keyturn-role").get_by_role("link").click()
    expect(page.locator("#access")).not_to_contain_text(caller.key.access_key_id)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("The role can be assumed")).to_be_visible()
