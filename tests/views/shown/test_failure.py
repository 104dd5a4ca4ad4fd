from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from rotation.failures import FAILURES
from tests.views.shown.made import DAY, NOW, current_key, facts, rotation
from views.shown.failure import WAYS, after_rotation, mark_code, reads, tell

BERLIN = ZoneInfo("Europe/Berlin")
FAILED = {"ended_at": NOW - DAY, "requested_at": NOW - DAY - timedelta(seconds=1)}


@pytest.mark.parametrize("code", FAILURES)
def test_tells_moments_in_the_readers_zone(code):
    facts = {"until": "2026-11-24T13:05:00+00:00", "unknown": "made 2026-11-24T13:05:00+00:00", "times": "x"}
    told = tell(code, facts, BERLIN).told
    assert "T13:05" not in f"{told.heading} {told.why} {told.what_to_do} {told.command}"


def test_tells_moments_within_a_sentence():
    told = tell("old_key_in_grace", {"key": "AKIAEXAMPLEMW5RXN3HC", "until": "2026-11-24T13:05:00+00:00"}, BERLIN).told
    assert "AKIAEXAMPLEMW5RXN3HC is valid until Tue 24 Nov 2026, 14:05:00" in told.why


def test_every_way_is_that_of_a_failure():
    assert set(WAYS) <= set(FAILURES)


def test_says_that_a_key_works_only_when_aws_has_said_so():
    failed = rotation(id=481, **FAILED)
    assert not reads(failed, current_key()).works
    assert reads(failed, current_key(last_used_at=NOW)).works
    assert not reads(failed, current_key(last_used_at=NOW - 2 * DAY)).works
    assert reads(rotation(id=7, **FAILED), current_key(rotation_id=7)).works


def test_says_since_when_another_key_is_read():
    failed = rotation(id=481, **FAILED)
    assert reads(failed, current_key(published_at=NOW)).since == NOW
    assert reads(failed, current_key()).since is None
    assert reads(failed, None) is None


def test_says_what_happens_by_itself_after_a_failure():
    assert after_rotation(facts(retry_at=NOW).strategy).before == "Tries again"
    assert after_rotation(facts().strategy).moment == NOW + 22 * DAY
    assert after_rotation(facts(due_at=None).strategy).before == "Rests until somebody rotates."
    assert after_rotation(facts(paused_at=NOW, retry_at=NOW).strategy).moment is None


def test_sets_what_is_typed_as_code():
    text = (
        "Add iam:ListAccessKeys on arn:aws:iam::111122223333:user/ci. "
        "AKIAEXAMPLEQ7DSK4UGE <stays>; see AWS_ENDPOINT_URL."
    )
    assert mark_code(text) == (
        "Add <code>iam:ListAccessKeys</code> on <code>arn:aws:iam::111122223333:user/ci</code>. "
        "<code>AKIAEXAMPLEQ7DSK4UGE</code> &lt;stays&gt;; see <code>AWS_ENDPOINT_URL</code>."
    )
