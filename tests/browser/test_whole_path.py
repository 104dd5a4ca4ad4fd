"""The main job, from the link in the terminal to a turned key: one window, each test goes on from the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import Browser, Page, expect

from practice.seed import PracticeAws, PracticeUser
from tests.browser.installation import PASSWORD, Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name
from tests.processes.processes import wait_for


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, practice_process: PracticeAws) -> Iterator[Installation]:
    """A new installation, which nobody has claimed."""
    installation = Installation(tmp_path_factory.mktemp("home"), practice_process)
    yield installation
    installation.close()


@pytest.fixture(scope="module")
def window(chromium: Browser, home: Installation) -> Iterator[Screen]:
    screen = Screen(chromium, home.url)
    yield screen
    screen.close()


@pytest.fixture
def screen(window: Screen, practice: PracticeAws) -> Iterator[Screen]:
    yield window
    window.check()


@pytest.fixture
def page(screen: Screen) -> Page:
    return screen.page


@pytest.fixture(scope="module")
def manager(practice_process: PracticeAws) -> PracticeUser:
    return practice_process.make_manager(new_name("key-manager"), path="/ops/", targets_path="/apps/")


@pytest.fixture(scope="module")
def target(practice_process: PracticeAws) -> PracticeUser:
    return practice_process.make_target(new_name("billing-api"), path="/apps/")


def test_the_link_in_the_terminal_makes_the_first_administrator(screen: Screen, page: Page, home: Installation):
    link = home.line("/setup/").strip()
    page.goto(link)
    screen.look("door-setup")
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill("short")
    screen.provoke(422, "/setup/" + link.rpartition("/")[2])
    page.get_by_role("button", name="Create administrator").click()
    expect(page.locator(".kt-error")).to_be_visible()
    screen.look("door-setup-refused")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    expect(page.get_by_role("heading", name="No project yet")).to_be_visible()
    screen.look("projects-none")


def test_the_link_works_once(screen: Screen, chromium: Browser, home: Installation):
    link = re.search(r"http\S+/setup/\S+", home.text())
    assert link
    stranger = Screen(chromium, home.url)
    stranger.provoke(404, "/setup/" + link[0].rpartition("/")[2])
    stranger.page.goto(link[0])
    expect(stranger.page.get_by_role("heading", name="This link works no longer")).to_be_visible()
    stranger.look("door-gone")
    stranger.close()


def test_a_project_is_made(screen: Screen, page: Page):
    page.get_by_role("main").get_by_role("link", name="New project").first.click()
    screen.look("projects-new")
    page.get_by_label("Name").fill("payments")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    screen.look("projects-start")


def test_two_placeholders_are_made_in_place(screen: Screen, page: Page):
    page.goto("/projects/payments/secrets/production/billing/api")
    screen.look("secrets-empty")
    screen.stay()
    page.get_by_role("link", name="Add secret").click()
    form = page.get_by_role("form", name="Add a secret")
    form.get_by_label("Name").fill("2nd key")
    screen.provoke(422, "/new-secret")
    form.get_by_role("button", name="Save").click()
    expect(form.locator(".kt-error")).to_be_visible()
    screen.look("secrets-add-refused")
    for name, comment in (("AWS_ACCESS_KEY", "Placeholder"), ("AWS_SECRET_ACCESS_KEY", "")):
        if not form.is_visible():
            page.get_by_role("link", name="Add secret").click()
        form.get_by_label("Name").fill(name)
        form.get_by_label("Comment").fill(comment)
        form.get_by_role("button", name="Save").click()
        expect(page.get_by_role("row", name=name).get_by_text("empty placeholder")).to_be_visible()
    assert screen.stayed()
    screen.look("secrets-placeholders")


def test_the_tile_leads_to_a_form_whose_check_asks_aws(
    screen: Screen, page: Page, manager: PracticeUser, target: PracticeUser
):
    page.goto("/projects/payments/strategies")
    screen.look("strategies-none")
    page.get_by_role("main").get_by_role("link", name="AWS IAM").click()
    screen.look("strategies-new")
    screen.stay()
    page.get_by_label("Manager User Access Key").fill(manager.key.access_key_id)
    page.get_by_label("Manager User Secret Key").fill(manager.key.secret_access_key)
    page.get_by_label("Manager User AWS Region").fill("eu-central-1")
    page.get_by_label("IAM Username").fill("nobody-here")
    page.get_by_label("IAM path").fill(target.path)
    checks = page.locator("#checks")
    checks.get_by_role("button", name="Check").click()
    expect(checks.get_by_text("nobody-here").first).to_be_visible()
    expect(checks.locator("li.bad").first).to_be_visible()
    screen.look("strategies-new-check-failed")
    page.get_by_label("IAM Username").fill(target.user_name)
    page.get_by_label("IAM Username").blur()
    expect(checks.get_by_text("Good to go")).to_be_visible()
    expect(page.locator("#policy-recommended")).to_contain_text(f"user{target.path}{target.user_name}")
    page.get_by_role("radio", name="Smallest").check()
    expect(page.locator("#policy-smallest")).to_be_visible()
    expect(page.locator("#policy-smallest")).to_contain_text(f"user{target.path}{target.user_name}")
    assert screen.stayed()


def test_the_next_times_are_previewed_and_an_interval_that_is_too_short_is_refused(
    screen: Screen, page: Page, target: PracticeUser
):
    page.get_by_label("Environment").select_option("production")
    page.get_by_label("Secret path").fill("/billing/api")
    page.get_by_label("Secret path").blur()
    expect(page.get_by_label("Access key ID", exact=True)).to_contain_text("AWS_ACCESS_KEY")
    page.get_by_label("Access key ID", exact=True).select_option("AWS_ACCESS_KEY")
    page.get_by_label("Secret access key", exact=True).select_option("AWS_SECRET_ACCESS_KEY")
    page.get_by_label("Rotation interval", exact=True).fill("1")
    page.get_by_label("Unit of the interval").select_option("minutes")
    expect(page.locator("#interval-error")).to_contain_text("The shortest interval is")
    screen.look("strategies-new-interval-too-short")
    page.locator(f"label[for=existing-{target.key.access_key_id}]").click()
    page.locator("#watch").fill("0")  # as without iam:UpdateAccessKey: an old key is deleted, and not first watched
    page.get_by_label("Rotation interval", exact=True).fill("14")
    page.get_by_label("Unit of the interval").select_option("days")
    expect(page.locator("#next-times li")).to_have_count(5)
    expect(page.locator("#interval-error")).to_be_empty()
    expect(page.locator("#summary-text")).to_contain_text("AWS_SECRET_ACCESS_KEY in production:/billing/api")
    screen.look("strategies-new-filled")


def test_submit_saves_the_strategy_and_changes_nothing_at_aws(
    screen: Screen, page: Page, home: Installation, target: PracticeUser
):
    home.aws.clear_calls()
    page.locator("#submit").click()
    expect(page.get_by_role("button", name=f"Rotate {target.user_name}")).to_be_visible()
    assert not [call for call in home.aws.calls() if "CreateAccessKey" in str(call)]
    screen.look("strategies-list-new")
    page.get_by_role("link", name=target.user_name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(target.user_name)
    screen.look("strategies-detail-new")


def test_rotate_shows_each_step_as_it_happens_and_both_secrets_then_hold_a_key_that_aws_accepts(
    screen: Screen, page: Page, home: Installation, target: PracticeUser
):
    page.goto("/projects/payments/connections")
    screen.look("connections-list")
    page.get_by_role("table").get_by_role("link").first.click()
    screen.look("connections-detail")
    page.get_by_role("link", name="Edit").first.click()
    screen.look("connections-edit")
    page.get_by_label("Rounds", exact=True).fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("2, at least 1 s apart")).to_be_visible()
    page.goto("/projects/payments/strategies")
    page.get_by_role("link", name=target.user_name).click()
    screen.stay()
    home.aws.fail("unknown_key", "sts:GetCallerIdentity", times=0)
    page.get_by_role("button", name="Rotate", exact=True).click()
    steps = page.locator(".kt-step")
    expect(steps.filter(has_text="Create").locator(".icon").first).to_be_visible()
    expect(page.locator(".kt-step-run")).to_contain_text("Verify")
    expect(page.locator(".kt-step-ok")).to_have_count(3)
    assert home.published(target.user_name).access_key_id == ""
    screen.look("strategies-detail-rotating")
    home.aws.clear_faults()
    expect(page.get_by_text(re.compile("Programs read the new key since"))).to_be_visible()
    assert screen.stayed()
    screen.look("strategies-detail-turned")
    assert home.caller(home.published(target.user_name)).endswith(f"user{target.path}{target.user_name}")


def test_the_old_key_is_kept_longer(screen: Screen, page: Page):
    screen.stay()
    page.get_by_role("link", name="Keep longer…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Keep the old key longer")
    screen.look("old-key-keep-longer")
    until = datetime.now(UTC) + timedelta(days=5)
    dialog.locator("input[type=datetime-local]").fill(f"{until:%Y-%m-%dT03:02}")
    dialog.get_by_role("button", name="Keep until then").click()
    expect(page.locator("#old-key")).to_contain_text(f"{until.day} {until:%b %Y}, 03:02")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Keep longer…")).to_be_focused()
    assert screen.stayed()


def test_a_second_rotate_asks_what_is_to_become_of_the_old_key(screen: Screen, page: Page, target: PracticeUser):
    page.get_by_role("button", name="Rotate", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(f"{target.user_name} still has its old key")
    expect(dialog.get_by_label("Rotate as soon as the old key has retired")).to_be_checked()
    screen.look("strategies-rotate-choice")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Rotate", exact=True)).to_be_focused()


def test_the_old_key_is_ended_with_the_password_again(
    screen: Screen, page: Page, home: Installation, target: PracticeUser
):
    assert home.caller(target.key)
    home.forget_password_of("ana")
    page.get_by_role("link", name="Retire now…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("I know that programs may fail").check()
    dialog.get_by_label("Your password").fill("not the password")
    screen.provoke(422, "/old-key/end")
    dialog.get_by_role("button", name="Retire now").click()
    expect(dialog.get_by_text("This isn't your password.")).to_be_visible()
    screen.look("old-key-end-refused")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name=re.compile("Retire now|Go on|Confirm")).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Who still uses the old key")).to_be_hidden()
    assert screen.stayed()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        home.caller(target.key)


def test_a_program_can_use_the_key_that_a_person_copies(
    screen: Screen, page: Page, home: Installation, target: PracticeUser
):
    page.goto("/projects/payments/secrets/production/billing/api")
    screen.look("secrets-turned")
    page.get_by_role("button", name="Copy AWS_ACCESS_KEY without showing it").click()
    expect(page.locator("#live")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == home.published(target.user_name).access_key_id
    page.get_by_role("link", name="Reveal AWS_SECRET_ACCESS_KEY").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    screen.look("secrets-reveal")
    dialog.get_by_role("button", name="Reveal").click()
    expect(dialog.locator("pre")).to_have_text(home.published(target.user_name).secret_access_key)
    dialog.get_by_role("link", name="Hide now").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#dialog pre")).to_have_count(0)  # it goes a moment after it is hidden
    assert home.published(target.user_name).secret_access_key not in page.content()


def test_what_a_strategy_writes_cannot_be_edited_or_deleted_by_mistake(screen: Screen, page: Page):
    page.get_by_role("button", name="More for AWS_ACCESS_KEY").click()
    screen.look("secrets-menu")
    page.get_by_role("link", name="Delete…").locator("visible=true").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    screen.look("secrets-delete-refused")
    expect(dialog.get_by_role("button", name=re.compile("Delete"))).to_have_count(0)
    page.keyboard.press("Escape")


def test_an_edit_moves_the_next_time_at_once(screen: Screen, page: Page, target: PracticeUser):
    page.goto("/projects/payments/strategies")
    page.get_by_role("link", name=target.user_name).click()
    page.get_by_role("link", name="Edit").first.click()
    screen.look("strategies-edit")
    page.locator("label[for=retire-deadline]").click()
    page.get_by_label("Rotation interval", exact=True).fill("3")
    page.get_by_label("Unit of the interval").select_option("days")
    page.locator("#submit").click()
    plan = page.locator("#plan")
    expect(plan).to_contain_text("every 3 days")
    expect(plan).to_contain_text("in 2 d")


def test_a_pause_stops_the_schedule_and_resume_starts_it(screen: Screen, page: Page, target: PracticeUser):
    page.goto("/projects/payments/strategies")
    for button, state in (("Pause schedule", "Paused"), ("Resume schedule", "Up to date")):
        page.get_by_role("button", name=f"More for {target.user_name}").click()
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("row", name=target.user_name).locator(".kt-state", has_text=state)).to_be_visible()
        screen.look(f"strategies-list-{state.lower().replace(' ', '-')}")


def test_the_schedule_rotates_while_nobody_presses(
    screen: Screen, page: Page, home: Installation, target: PracticeUser
):
    before = home.published(target.user_name)
    screen.stay()
    home.make_due(target.user_name)
    row = page.get_by_role("row", name=target.user_name)
    expect(row).to_contain_text("by schedule")
    wait_for(lambda: home.published(target.user_name) != before, "a new key")
    expect(row).to_contain_text("Up to date")
    assert screen.stayed()
    assert home.caller(home.published(target.user_name)).endswith(target.user_name)
    assert home.caller(before), "the old key works in its grace"


def test_the_old_key_retires_after_its_grace(screen: Screen, page: Page, home: Installation, target: PracticeUser):
    page.get_by_role("link", name=target.user_name).click()
    expect(page.get_by_text("Who still uses the old key")).to_be_visible()
    screen.look("strategies-detail-grace")
    screen.stay()
    home.end_grace(target.user_name)
    expect(page.get_by_text("Who still uses the old key")).to_be_hidden()
    assert screen.stayed()
    keys = home.aws.iam.list_access_keys(UserName=target.user_name)["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [home.published(target.user_name).access_key_id]


def test_a_rotation_keeps_its_steps_with_what_aws_answered(screen: Screen, page: Page):
    page.locator("#recent").get_by_role("link").first.click()
    expect(page.locator(".kt-step-ok").first).to_be_visible()
    expect(page.locator(".kt-said", has_text="iam:CreateAccessKey")).to_contain_text("request")
    screen.look("rotations-detail-succeeded")


def test_a_strategy_is_deleted_with_its_keys(screen: Screen, page: Page, home: Installation, target: PracticeUser):
    published = home.published(target.user_name)
    page.goto("/projects/payments/strategies")
    page.get_by_role("button", name=f"More for {target.user_name}").click()
    page.get_by_role("link", name="Delete…").locator("visible=true").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Keep them")).to_be_checked()
    screen.look("strategies-delete")
    dialog.locator("label[for=keys-delete]").click()
    dialog.get_by_label(f"Type {target.user_name} to confirm").fill(target.user_name)
    dialog.get_by_role("button", name="Delete strategy").click()
    expect(page.get_by_role("heading", name="No key is rotated in this project yet")).to_be_visible()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        home.caller(published)


def test_the_audit_log_tells_it_all_as_a_table_and_as_a_file(screen: Screen, page: Page, target: PracticeUser):
    page.get_by_role("link", name="Audit log", exact=True).first.click()
    screen.look("audit-list")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    text = download.value.path().read_text()
    told = ("project.create", "secret.create", "strategy.create", "secret.reveal", "strategy.pause", "strategy.delete")
    assert [action for action in told if action not in text] == []
    page.get_by_role("searchbox").fill(target.user_name)
    expect(page).to_have_url(re.compile("q="))
    screen.look("audit-filtered")


def test_signing_out_ends_the_session(screen: Screen, page: Page):
    page.get_by_role("button", name="ana").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/projects/payments/secrets")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    screen.look("door-sign-in")
