"""Several browsers see the same rotation, and it's one rotation whoever presses."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from practice.seed import PracticeAws
from tests.browser.installation import Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name


def test_two_browsers_see_the_same_rotation(
    ana: Screen, office: Installation, practice: PracticeAws, open_screen: Callable[..., Screen], signed_in
):
    office.make_project("shared")
    target, manager = practice.make_target(new_name("worker")), practice.make_manager(new_name("manager"))
    strategy = office.make_strategy("shared", target, manager)
    other = open_screen(office.url, state=signed_in)
    ana.page.goto(f"/projects/shared/strategies/{strategy}")
    other.page.goto("/projects/shared/strategies")
    for screen in (ana, other):
        screen.stay()
    practice.fail("unknown_key", "sts:GetCallerIdentity", times=0)
    ana.page.get_by_role("button", name="Rotate", exact=True).click()
    expect(ana.page.locator(".kt-step-run")).to_contain_text("Verify")
    # The other one hasn't heard of it yet, and presses too.
    other.page.get_by_role("button", name=f"Rotate {target.user_name}").click()
    row = other.page.get_by_role("row", name=target.user_name)
    expect(row).to_contain_text("Verifying")
    practice.clear_faults()
    expect(ana.page.get_by_text("Programs read the new key since")).to_be_visible()
    expect(row.get_by_role("button", name=f"Rotate {target.user_name}")).to_be_visible()
    assert ana.stayed()
    assert other.stayed()
    calls = [call for call in practice.calls() if call["action"] == "iam:CreateAccessKey"]
    assert [call["user"] for call in calls].count(target.user_name) == 1 + 1, "the first key by hand, one by Keyturn"
