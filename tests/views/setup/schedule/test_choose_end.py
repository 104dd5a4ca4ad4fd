"""How an old key ends, as it is chosen on the form."""

from __future__ import annotations

import pytest

from models import Ends, RetireWhen, RotationStrategy
from tests.views.setup.filled import NEW, error_at, strategy_form, value_of
from tests.views.setup.test_add_strategy import nothing_saved


@pytest.mark.parametrize("rule", ["next", "never"])
def test_what_waits_for_no_quiet_needs_no_quiet_time(bob_client, aws, session, rule):
    bob_client.post(NEW, data=strategy_form(retire_when=rule, quiet="", grace="1", interval="2"))
    (strategy,) = session.query(RotationStrategy)
    assert (strategy.retire_when, strategy.grace_s) == (rule, 3600)


def test_a_deadline_and_a_watch(bob_client, aws, session):
    bob_client.post(NEW, data=strategy_form(retire_when="deadline", deadline="3", watch="2", watch_unit="days"))
    (strategy,) = session.query(RotationStrategy)
    assert strategy.ends == Ends(RetireWhen.DEADLINE, 86_400, 86_400, 3 * 86_400, 2 * 86_400)


def test_without_a_watch(bob_client, aws, session):
    bob_client.post(NEW, data=strategy_form(watch="0"))
    assert session.query(RotationStrategy).one().watch_s == 0


def test_a_deadline_before_the_end_of_the_grace_is_refused(bob_client, aws, session):
    answer = bob_client.post(NEW, data=strategy_form(retire_when="deadline", deadline="1", grace="48"))
    assert "Too short: the key stays valid for its grace period, 2 days." in error_at(answer, "deadline")
    assert nothing_saved(session)


def test_the_preset_for_users_that_sign_urls(bob_client, aws, session):
    answer = bob_client.post(f"{NEW}/preview", data=strategy_form(preset="signed-urls"), htmx=True)
    assert (value_of(answer, "grace"), value_of(answer, "quiet"), value_of(answer, "watch")) == ("7", "24", "24")
    assert "The old key works for 7 days more" in answer.get_data(as_text=True)  # in what will happen
    page = bob_client.post(f"{NEW}/preview", data=strategy_form(preset="signed-urls"))
    assert value_of(page, "iam_username") == "billing-api"
    assert nothing_saved(session)
