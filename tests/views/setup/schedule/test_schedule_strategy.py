"""When a strategy is to turn, as the form saves it and shows it again."""

from __future__ import annotations

import re

from models import RotationStrategy
from tests.views.setup.filled import NEW, strategy_form


def test_a_schedule_by_time_of_day_comes_back_as_it_was_saved(bob_client, aws, session):
    fields = {
        "repeat": "daily", "at": "03:30", "days": ["1", "4"], "zone": "America/New_York", "spread": "10",
        "has_window": "y", "window_days": ["1", "2"], "window_start": "22:00", "window_end": "06:00",
    }  # fmt: skip
    assert bob_client.post(NEW, data=strategy_form(**fields)).status_code == 303
    saved = session.query(RotationStrategy).one()
    assert (saved.interval_s, saved.cron, saved.time_zone, saved.spread_s) == (
        None,
        "30 3 * * 1,4",
        "America/New_York",
        600,
    )
    assert saved.window == {"days": [1, 2], "start": "22:00", "end": "06:00"}
    page = bob_client.get(f"/projects/payments/strategies/{saved.id}/edit").text
    assert re.search(r'id="repeat-\d"[^>]*value="daily"[^>]*checked|checked[^>]*value="daily"', page)
    assert 'value="03:30"' in page
    assert 'value="America/New_York"' in page


def test_a_cron_expression(bob_client, aws, session):
    assert bob_client.post(NEW, data=strategy_form(repeat="cron", cron="0 3 1 * *", zone="UTC")).status_code == 303
    assert session.query(RotationStrategy).one().cron == "0 3 1 * *"
