"""Times and numbers in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.fake_clock import START
from views.frame import times
from views.frame.browser import browser_words


@pytest.fixture(autouse=True)
def _asked(app):
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"), (0.9, "now"), (1, "in 1 s"), (59.9, "in 59 s"), (60, "in 1 min"), (3599, "in 59 min"),
        (3600, "in 1 h"), (5400, "in 1 h 30 min"), (35_999, "in 9 h 59 min"), (36_100, "in 10 h"),
        (86_399, "in 23 h"), (86_400, "in 1 d"), (129_600, "in 1 d 12 h"), (7.5 * 86_400, "in 7 d"),
        (30 * 86_400, "in 30 d"), (31 * 86_400, "in 1 mo"), (46 * 86_400, "in 1 mo 15 d"),
        (300 * 86_400, "in 9 mo"), (-8 * 86_400, "8 d ago"), (-21 * 60, "21 min ago"), (-5400, "1 h 30 min ago"),
    ],
)  # fmt: skip
def test_a_distance(seconds, words):
    shown = times.ago(START + timedelta(seconds=seconds))
    assert f">{words}</time>" in shown
    assert ' data-relative=""' in shown


@pytest.mark.parametrize(
    ("seconds", "words"), [(5400, "in 1 h 30 min"), (1, "in 1 s"), (0.9, ""), (0, ""), (-60, ""), (-9e7, "")]
)
def test_what_is_to_come_is_never_told_as_past(seconds, words):
    moment = START + timedelta(seconds=seconds)
    assert f' data-relative="due now">{words or "due now"}</time>' in times.due(moment)
    assert f' data-relative="now">{words or "now"}</time>' in times.soon(moment)


def test_what_is_to_come_in_a_year_is_told_as_it_is():
    assert times.due(START + timedelta(days=366)) == times.at(START + timedelta(days=366))


def test_from_twelve_months_on_the_time_itself():
    assert ">Mon 24 Nov 2025, 06:00</time>" in times.ago(START - timedelta(days=365, hours=6))
    assert "data-relative" not in times.ago(START - timedelta(days=366))


def test_the_exact_time_is_a_hover_away():
    moment = datetime(2026, 12, 4, 3, 0, 7, 999999, tzinfo=UTC)
    tag = '<time datetime="2026-12-04T03:00:07Z" title="Fri 4 Dec 2026, 03:00:07 UTC">'
    assert times.at(moment) == f"{tag}Fri 4 Dec 2026, 03:00</time>"
    assert times.at_s(moment) == f"{tag}Fri 4 Dec 2026, 03:00:07 UTC</time>"
    assert times.clock(moment) == f"{tag}03:00:07</time>"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (90, "90 seconds"), (5400, "90 minutes"),
        (3600, "1 hour"), (86_400, "24 hours"), (172_800, "2 days"), (30 * 86_400, "30 days"), (90_000, "25 hours"),
    ],
)  # fmt: skip
def test_a_chosen_length(seconds, words):
    assert times.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "every second"), (60, "every minute"), (3600, "every hour"), (10, "every 10 seconds"),
        (86_400, "every 24 hours"), (11 * 86_400, "every 11 days"), (5400, "every 90 minutes"),
    ],
)  # fmt: skip
def test_how_often(seconds, words):
    assert times.every(seconds) == words


def test_plurals():
    assert times.plural(1, "secret") == "1 secret"
    assert times.plural(1204, "secret") == "1,204 secrets"
    assert times.plural(0, "strategy", "strategies") == "0 strategies"


def test_a_short_key():
    assert times.short_key("AKIAEXAMPLE000000001") == "AKIA…0001"
    assert times.short_key("AKIA") == "AKIA"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iOS"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "An unknown program"),
    ],
)
def test_a_browser(agent, words):
    assert browser_words(agent) == words
