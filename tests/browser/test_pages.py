"""Pages that the other tests don't come by: settings, status, everybody's log, the list with what needs attention."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from practice.seed import PracticeAws
from tests.browser.installation import Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name


@pytest.mark.parametrize(
    ("name", "address", "heading"),
    [
        ("status", "/status", "Status"),
        ("audit-everything", "/audit", "Audit log"),
        ("projects-list", "/", "Projects"),
        ("projects-settings", "/projects/corners/settings", "Settings"),
        ("connections-new", "/projects/corners/connections/new", "Add a connection"),
        ("connections-none", "/projects/corners/connections", "Connections"),
        ("audit-none", "/projects/corners/audit?q=nothing+like+it", "Audit log"),
    ],
)
def test_a_page_is_fit_to_be_seen(name: str, address: str, heading: str, ana: Screen, corners: str):
    ana.page.goto(address)
    expect(ana.page.get_by_role("heading", level=1)).to_contain_text(heading)
    ana.look(name)


@pytest.fixture(scope="module")
def corners(office: Installation) -> str:
    return office.make_project("corners")


def test_a_key_that_never_works_isnt_published(ana: Screen, office: Installation, practice: PracticeAws, corners: str):
    target, manager = practice.make_target(new_name("late")), practice.make_manager(new_name("manager"))
    office.make_strategy("corners", target, manager)
    practice.fail("unknown_key", "sts:GetCallerIdentity", times=0)
    page = ana.page
    page.goto(f"/projects/corners/strategies?q={target.user_name}")
    ana.stay()
    page.get_by_role("button", name=f"Rotate {target.user_name}").click()
    row = page.get_by_role("row", name=target.user_name)
    expect(row).to_contain_text("Verifying")
    ana.look("strategies-list-verifying")
    office.give_up_verifying(target.user_name)
    expect(page.locator(".kt-why")).to_contain_text("STS didn't accept the new key in time")
    ana.look("strategies-list-failed")
    assert office.published(target.user_name) == target.key
    assert ana.stayed()
