"""What can go wrong at AWS, provoked there: told in the row with its remedy, which leads to where it is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from practice.seed import FIVE_PERMISSIONS, THREE_PERMISSIONS, PracticeAws, PracticeUser
from tests.browser.installation import Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name

PROJECT = "failures"
LIST = f"/projects/{PROJECT}/strategies"
Provoke = Callable[[PracticeAws, PracticeUser, PracticeUser], object]


def deactivate_manager(aws: PracticeAws, manager: PracticeUser, target: PracticeUser) -> None:
    key = manager.key.access_key_id
    aws.iam.update_access_key(UserName=manager.user_name, AccessKeyId=key, Status="Inactive")


def delete_target(aws: PracticeAws, manager: PracticeUser, target: PracticeUser) -> None:
    aws.iam.delete_access_key(UserName=target.user_name, AccessKeyId=target.key.access_key_id)
    aws.iam.delete_user(UserName=target.user_name)


@dataclass(frozen=True)
class Case:
    """A failure: how it is provoked, how it is told, and the words of the link to where it is mended."""

    heading: str
    remedy: str
    way: str | None
    provoke: Provoke = lambda *_: None
    secret: str = ""
    permissions: tuple[str, ...] = FIVE_PERMISSIONS
    takes_over: bool = True
    target_lives: bool = True


CASES = {
    "manager_key_unknown": Case(
        "AWS refuses the manager's access key {manager_key}", "press Replace key at the connection",
        "Open the connection by-{user}", deactivate_manager,
    ),
    "manager_secret_wrong": Case(
        "The manager's secret key doesn't match its access key", "Enter the pair again at the connection by-{user}",
        "Open the connection by-{user}", secret="the secret of another key, as it seems".replace(" ", "/"),
    ),
    "not_permitted": Case(
        "The manager may not call iam:CreateAccessKey on {user}", "Paste the policy of this strategy", "Policy to copy",
        lambda aws, _, target: aws.fail("deny", "CreateAccessKey", user=target.user_name),
    ),
    "no_such_user": Case(
        "There is no IAM user {user} in account", "Correct the name in the strategy", "Edit the strategy",
        delete_target, takes_over=False, target_lives=False,
    ),
    "key_of_other_user": Case(
        "The new key answers as arn:aws:iam::123456789012:user/somebody-else", "Check the endpoint", None,
        lambda aws, *_: aws.fail("of_another_user", "GetCallerIdentity"),
    ),
    "two_keys": Case(
        "{user} already has two access keys", "delete the key that nobody uses", "Edit the strategy",
        lambda aws, _, target: aws.make_key(target.user_name),
    ),
    "answer_lost": Case(
        "AWS may have made a key whose secret nobody knows", "Never delete {key}, which programs read", None,
        lambda aws, _, target: aws.fail("drop", "CreateAccessKey", user=target.user_name, when="after"),
        permissions=THREE_PERMISSIONS,
    ),
    "answer_lost_in_the_middle": Case(
        "AWS may have made a key whose secret nobody knows", "Keyturn finds and deletes it", None,
        lambda aws, _, target: aws.fail("cut", "CreateAccessKey", user=target.user_name, at=0.8),
    ),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def project(office: Installation) -> str:
    return office.make_project(PROJECT)


@pytest.fixture
def target(practice: PracticeAws) -> PracticeUser:
    return practice.make_target(new_name("mailer"))


@pytest.mark.parametrize("code", CASES)
def test_a_failure_is_told_with_its_remedy(
    code: str, ana: Screen, office: Installation, practice: PracticeAws, target: PracticeUser
):
    case, page = CASES[code], ana.page
    manager = practice.make_manager(new_name("manager"), permissions=case.permissions)
    office.make_strategy(PROJECT, target, manager, secret=case.secret, takes_over=case.takes_over)
    case.provoke(practice, manager, target)
    names = {"user": target.user_name, "manager_key": manager.key.access_key_id, "key": target.key.access_key_id}

    page.goto(f"{LIST}?q={target.user_name}")
    ana.stay()
    page.get_by_role("button", name=f"Rotate {target.user_name}").click()
    why = page.locator(".kt-why")
    expect(why).to_contain_text(case.heading.format(**names))
    expect(why).to_contain_text(case.remedy.format(**names))
    assert ana.stayed()
    assert office.published(target.user_name) == target.key
    if case.target_lives:
        assert office.caller(target.key).endswith(target.user_name)

    why.get_by_role("link", name="What happened").click()
    told = page.locator(".kt-msg-bad")
    expect(told).to_contain_text(case.heading.format(**names))
    expect(told).to_contain_text("Nothing changed.")
    ana.look(f"failed-{code}")
    if case.way:
        told.get_by_role("link", name=case.way.format(**names)).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize(
    ("kind", "heading"), [("throttle", "AWS throttles IAM calls in this account"), ("drop", "AWS doesn't answer")]
)
def test_what_passes_by_itself_is_waited_out(
    kind: str, heading: str, ana: Screen, office: Installation, practice: PracticeAws, target: PracticeUser
):
    page = ana.page
    manager = practice.make_manager(new_name("manager"))
    strategy = office.make_strategy(PROJECT, target, manager)
    practice.fail(kind, "iam:*", key=manager.key.access_key_id, times=0)
    page.goto(f"{LIST}/{strategy}")
    ana.stay()
    page.get_by_role("button", name="Rotate", exact=True).click()
    waiting = page.locator(".kt-msg", has_text=heading)
    expect(waiting).to_contain_text("Waiting until")
    ana.look(f"waiting-{kind}")
    practice.clear_faults()
    succeeded = page.get_by_text("Programs read the new key since")
    try_now(page, waiting)
    expect(succeeded).to_be_visible()
    assert ana.stayed()
    assert office.caller(office.published(target.user_name)).endswith(target.user_name)


def try_now(page: Page, waiting) -> None:
    """Press the button, unless the pause is over by itself."""
    button = waiting.get_by_role("button", name="Try now")
    if button.is_visible():
        button.click()


def test_a_failed_check_is_saved_knowingly(ana: Screen, practice: PracticeAws):
    page, manager, user_name = ana.page, practice.make_manager(new_name("manager")), new_name("not-yet")

    def fill_in() -> None:
        page.get_by_label("Manager User Access Key").fill(manager.key.access_key_id)
        page.get_by_label("Manager User Secret Key").fill(manager.key.secret_access_key)
        page.get_by_label("Manager User AWS Region").fill("eu-central-1")
        page.get_by_label("IAM Username").fill(user_name)
        page.get_by_label("Secret path").fill(f"/{user_name}")

    page.goto(f"{LIST}/new/aws-iam")
    page.get_by_role("radio", name="New manager key").check(force=True)
    fill_in()
    ana.provoke(422, "/new/aws-iam")
    page.locator("#submit").click()
    expect(page.get_by_role("heading", name="The check failed, so nothing was saved")).to_be_visible()
    expect(page.get_by_label("Manager User Secret Key")).to_have_value("")
    ana.look("strategies-new-save-anyway")
    fill_in()
    page.get_by_label("Save all the same").check()
    page.locator("#submit").click()
    expect(page.get_by_role("row", name=user_name)).to_contain_text("Never rotated")
