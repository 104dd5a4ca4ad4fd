"""A second person: invited, joins, sees only what she may; sessions and passwords."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.installation import PASSWORD, Installation
from tests.browser.screen import Screen

HERS = "seven quiet amber lanterns"


def test_who_is_invited_joins_and_sees_only_her_own_projects(
    ana: Screen, office: Installation, open_screen: Callable[..., Screen]
):
    for name in ("hers", "foreign"):
        office.make_project(name)
    page = ana.page
    page.goto("/people")
    page.get_by_role("link", name="Invite").click()
    page.get_by_label("E-mail").fill("bea@example.com")
    page.get_by_label("hers", exact=True).check()
    ana.look("people-invite")
    page.get_by_role("button", name="Make the link").click()
    link = page.locator("pre").inner_text().strip()
    ana.look("people-link")

    bea = open_screen(office.url)
    bea.page.goto(link)
    bea.look("door-invite")
    bea.page.get_by_label("User name").fill("bea")
    bea.page.get_by_label("Password").fill(HERS)
    bea.page.get_by_role("button", name="Join").click()
    expect(bea.page.get_by_role("link", name="hers").first).to_be_visible()
    expect(bea.page.get_by_text("foreign")).to_have_count(0)
    bea.look("projects-hers")
    bea.provoke(404, "/projects/foreign/secrets")
    bea.page.goto("/projects/foreign/secrets")
    expect(bea.page.get_by_role("heading", level=1)).to_be_visible()
    expect(bea.page.get_by_text("foreign")).to_have_count(0)
    bea.look("errors-404")

    page.goto("/people")
    ana.look("people-list")
    page.get_by_role("link", name="bea", exact=True).click()
    ana.look("people-person")


def test_a_session_is_ended_from_another_browser(ana: Screen, office: Installation, open_screen: Callable[..., Screen]):
    other = open_screen(office.url)
    other.sign_in("ana", PASSWORD)
    page = ana.page
    page.goto("/account")
    expect(page.get_by_role("button", name="End all others")).to_be_visible()
    ana.look("account")
    page.get_by_role("button", name="End all others").click()
    expect(page.get_by_role("button", name="End all others")).to_have_count(0)
    other.page.goto("/account")
    expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_changed_password_ends_the_other_sessions(office: Installation, open_screen: Callable[..., Screen]):
    office.make_person("cora")
    here, there = open_screen(office.url), open_screen(office.url)
    for screen in (here, there):
        screen.sign_in("cora", PASSWORD)
    page = here.page
    page.goto("/account")
    page.get_by_label("Current password").fill("not the password")
    page.get_by_label("New password").fill(HERS)
    here.provoke(422, "/account/password")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("This isn't your current password.")).to_be_visible()
    here.look("account-password-refused")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(HERS)
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("#toast")).to_contain_text("Your other sessions have ended.")
    there.page.goto("/account")
    expect(there.page.get_by_role("heading", name="Sign in")).to_be_visible()
    there.sign_in("cora", HERS)
    page.goto("/account")
    expect(page.get_by_role("button", name="End all others")).to_be_visible()


def test_a_wrong_password_is_refused_and_tells_nothing_else(office: Installation, open_screen: Callable[..., Screen]):
    stranger = open_screen(office.url)
    page = stranger.page
    page.goto("/login")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password", exact=True).fill("whatever it takes")
    stranger.provoke(401, "/login")
    stranger.provoke(422, "/login")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    stranger.look("door-sign-in-refused")
