"""E-mail, time zone and theme."""

from __future__ import annotations

import pytest


def test_saves_email_and_zone_and_tells_times_in_it(bob_client, bob):
    data = {"email": " bob@work.example ", "time_zone": "Asia/Kolkata"}
    assert bob_client.post("/account/settings", data=data).status_code == 303
    assert (bob.email, bob.time_zone) == ("bob@work.example", "Asia/Kolkata")
    text = bob_client.get("/account").text
    assert "Times in Asia/Kolkata (UTC+05:30)" in text
    assert "Tue 24 Nov 2026, 17:30:00 IST" in text


@pytest.mark.parametrize(
    "data", [{"email": "nowhere", "time_zone": "UTC"}, {"email": "", "time_zone": "Mars/Olympus"}, {"email": ""}]
)
def test_bad_input(bob_client, bob, data):
    assert bob_client.post("/account/settings", data=data).status_code == 422
    assert (bob.email, bob.time_zone) == ("bob@example.com", "UTC")


@pytest.mark.parametrize("theme", ["light", "dark", ""])
def test_chooses_a_theme_and_stays_on_the_page(bob_client, bob, theme):
    response = bob_client.post("/account/theme", data={"theme": theme, "next": "/account?x=1"})
    assert response.location == "/account?x=1"
    assert bob.theme == theme
    assert (f'data-bs-theme="{theme}"' in bob_client.get("/account").text) == bool(theme)


def test_a_theme_leads_to_no_other_site(bob_client):
    data = {"theme": "dark", "next": "//evil.example"}
    assert bob_client.post("/account/theme", data=data).location == "/"


def test_bad_theme_and_wrong_method(bob_client, bob):
    assert bob_client.post("/account/theme", data={"theme": "neon"}).status_code == 400
    assert bob_client.post("/account/theme", data={}).status_code == 400
    assert bob_client.get("/account/theme").status_code == 405
    assert bob.theme == ""


def test_a_zone_that_the_system_lost_reads_as_utc(bob_client, bob):
    bob.time_zone = "Mars/Olympus"
    assert "Times in UTC" in bob_client.get("/account").text
