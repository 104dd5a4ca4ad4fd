"""What the form says of itself while it is filled in."""

from __future__ import annotations

import pytest

from models import Environment
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import NEW, SECRET_KEY, error_at, strategy_form, text_of
from tests.views.setup.test_add_strategy import place_pair

PREVIEW = f"{NEW}/preview"


def preview(client, **fields):
    return client.post(PREVIEW, data=strategy_form(**fields), htmx=True)


def test_the_next_times_in_the_readers_zone(bob_client, bob):
    bob.time_zone = "Europe/Berlin"
    page = text_of(preview(bob_client))
    for moment in ("Thu 24 Dec 2026, 13:00", "Sat 23 Jan 2027, 13:00", "Mon 22 Feb 2027, 13:00"):
        assert moment in page


def test_the_next_times_obey_the_projects_maximum_age(bob_client, payments):
    payments.max_key_age_s = 40 * 86_400
    page = text_of(preview(bob_client, interval="80", grace="1", grace_unit="days", quiet="9", quiet_unit="days"))
    assert "it is 29 days old at the latest" in page
    assert "Fri 12 Feb 2027, 12:00" in page  # no key is there yet
    assert "Sun 14 Mar 2027, 10:59" in page


def test_the_next_times_of_a_young_key_obey_the_maximum_age(bob_client, session, keyring, payments):
    billing = turned.strategy(session, keyring, payments, days=30)
    turned.succeeded(session, billing, at=START)
    payments.max_key_age_s = 40 * 86_400
    url = f"/projects/payments/strategies/{billing.id}/edit/preview"
    page = text_of(bob_client.post(url, data=strategy_form(interval="80", quiet="9", quiet_unit="days"), htmx=True))
    assert "Fri 12 Feb 2027" not in page


def test_across_the_change_of_clocks(bob_client, bob, clock):
    bob.time_zone = "Europe/Berlin"
    page = text_of(preview(bob_client, interval="26", interval_unit="weeks"))
    assert "Tue 25 May 2027, 14:00" in page


def test_nothing_is_written_and_aws_is_not_asked(bob_client, aws, session):
    preview(bob_client)
    assert not aws.calls
    assert not session.new


def test_what_will_happen(bob_client):
    page = text_of(preview(bob_client, grace="3", grace_unit="days", quiet="35", quiet_unit="days", interval="40"))
    assert "second key of billing-api" in page
    assert "AWS_ACCESS_KEY and AWS_SECRET_ACCESS_KEY in production:/billing change together" in page
    assert "The old key works for 3 days more." in page
    assert "no use for 35 days" in page
    assert "accepted it 8 times in a row" in page


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("deadline", "or 7 days after publication, used or not"),
        ("next", "After that the next rotation deletes it, used or not."),
        ("never", "After that it stays until a person retires it, and the next rotation waits for that."),
    ],
)
def test_how_the_old_key_ends(bob_client, rule, told):
    assert told in text_of(preview(bob_client, retire_when=rule))


def test_by_button(bob_client):
    page = text_of(preview(bob_client, repeat="button"))
    assert "When you press Rotate: Keyturn asks" in page
    assert "2026" not in page


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"interval": "1"}, "interval"),
        ({"interval": "soon"}, "interval"),
        ({"grace": ""}, "grace"),
        ({"quiet": "1"}, "quiet"),
    ],
)
def test_an_impossible_schedule_is_told_at_its_field_and_the_last_preview_goes(bob_client, fields, error):
    response = preview(bob_client, **fields)
    assert response.status_code == 200
    assert f'<div id="{error}-error" hx-swap-oob="true"><div class="kt-error">' in response.text
    assert ("2026" in response.text) == (error != "interval")
    assert "The summary comes back when" in response.text


def test_a_right_one_takes_the_error_away(bob_client):
    assert '<div id="interval-error" hx-swap-oob="true"></div>' in preview(bob_client).text


def test_the_policy_follows_user_path_and_region(bob_client):
    page = preview(bob_client, iam_username="cdn", iam_path="deploy", manager_region="cn-north-1").text
    assert page.count("arn:aws-cn:iam::*:user/deploy/cdn") == 2


def test_the_policy_of_nonsense_is_a_pattern(bob_client):
    page = preview(bob_client, iam_username='"}]', iam_path="a b", manager_region="").text
    assert "arn:aws:iam::*:user/USER" in page


def test_no_secret_comes_back(bob_client):
    page = bob_client.post(PREVIEW, data=strategy_form(secret_key_value="another-secret-value")).text
    assert SECRET_KEY not in page
    assert "another-secret-value" not in page


class TestOutputs:
    def listed(self, client, **fields):
        return client.post(PREVIEW, data={**strategy_form(**fields), "part": "outputs"}, htmx=True)

    def test_another_path_lists_its_secrets_and_chooses_the_usual_ones(self, bob_client, session, key, payments):
        first, second = place_pair(session, key, payments, path="/cdn")
        page = self.listed(bob_client, path="/cdn", access_key_secret="77").text
        assert f'<option selected value="{first.id}">' in page
        assert f'<option selected value="{second.id}">' in page

    def test_a_path_without_secrets_offers_new_ones(self, bob_client):
        page = self.listed(bob_client, path="/nothing", access_key_secret="77", secret_key_secret="78").text
        assert page.count('<option selected value="new">') == 4

    def test_what_another_strategy_writes_is_left_out(self, bob_client, session, keyring, payments):
        other = turned.strategy(session, keyring, payments, "mail-relay", path="/cdn")
        assert f'value="{other.access_key_secret_id}"' not in self.listed(bob_client, path="/cdn").text

    @pytest.mark.parametrize("fields", [{"path": "/a b"}, {"environment": "nonsense"}, {"environment": None}])
    def test_a_place_that_is_none(self, bob_client, fields):
        assert self.listed(bob_client, **fields).status_code == 200

    def test_an_environment_of_that_name_elsewhere_is_not_this_ones(self, bob_client, session, keyring, theirs):
        session.add(Environment(project_id=theirs.id, name="secret-lab", position=9))
        session.flush()
        place_pair(session, theirs.sealing_key(keyring), theirs, path="/lab")
        page = self.listed(bob_client, environment="secret-lab", path="/lab").text
        assert "AWS_ACCESS_KEY</option>" not in page


def test_without_javascript_the_page_comes_back(bob_client):
    response = bob_client.post(PREVIEW, data=strategy_form(iam_username=""))
    assert response.status_code == 200
    assert "What will happen" in response.text
    assert "1 to 64 letters" not in response.text


def test_a_time_of_day_in_another_zone_is_told_in_both(bob_client, bob):
    bob.time_zone = "Europe/Berlin"
    fields = {"repeat": "daily", "at": "03:30", "days": ["1", "4"], "zone": "America/New_York"}
    page = text_of(preview(bob_client, **fields))
    assert "Thu 26 Nov 2026, 09:30" in page
    assert "Thu 26 Nov, 03:30 in America/New_York" in page
    assert page.count("in America/New_York") == 5


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"repeat": "cron", "cron": "0 3 * *"}, "cron", "Use five fields"),
        ({"repeat": "cron", "cron": "0 */2 * * *"}, "cron", "only 2 hours apart"),
        ({"repeat": "daily", "at": "25:00"}, "at", "Use hours and minutes"),
        ({"repeat": "daily", "at": "03:30", "days": []}, "at", "Choose at least one day"),
        ({"zone": "Europe/Bern"}, "zone", "Use a name of the time zone database"),
        ({"has_window": "y", "window_days": []}, "window_start", "Choose at least one day"),
        ({"has_window": "y", "window_start": "9"}, "window_start", "Use hours and minutes"),
        ({"spread": "-5"}, "spread", "Use a whole number of minutes"),
    ],
)
def test_what_cant_be_is_told_at_its_field(bob_client, fields, field, told):
    assert told in error_at(preview(bob_client, **fields), field)
    page = bob_client.post(NEW, data=strategy_form(**fields))
    assert page.status_code == 422
    assert told in error_at(page, field)


def test_a_window_moves_the_times(bob_client):
    window = {"has_window": "y", "window_days": ["6"], "window_start": "22:00", "window_end": "06:00"}
    assert "Sat 26 Dec 2026, 22:00" in text_of(preview(bob_client, **window))


def test_the_projects_maximum_age_is_reckoned(bob_client, payments):
    payments.max_key_age_s = 90 * 86_400
    page = text_of(preview(bob_client, grace="7", grace_unit="days"))
    assert "Keys of payments may be 90 days old: Keyturn turns this one when it is 81 days old at the latest" in page
    page = text_of(preview(bob_client, grace="95", grace_unit="days", interval="100"))
    assert "the old key gets too old" in page
