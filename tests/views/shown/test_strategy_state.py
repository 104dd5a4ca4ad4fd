from __future__ import annotations

from datetime import timedelta

import pytest

from models import KeyState, State
from rotation.failures import FAILURES
from tests.views.shown.made import DAY, NOW, current_key, facts, key, old_key, rotation
from views.shown.state import Group
from views.shown.strategy import next_line, next_time, on_hold, sort_key, state_of

LATE = timedelta(seconds=16)
DONE = rotation()
SECOND = timedelta(seconds=1)
SOON = NOW + timedelta(minutes=5)


def failed(code: str = "two_keys", **columns):
    return rotation(State.FAILED, error_code=code, **columns)


def told(of):
    state = state_of(of, NOW, LATE)
    return state.kind, state.word, state.line.before


STATES = {
    "up to date": (facts(DONE, current_key()), ("ok", "Up to date", "")),
    "old key in its grace": (
        facts(DONE, current_key(), old_key(retire_at=NOW + DAY)),
        ("ok", "Up to date", "old key retires"),
    ),
    "old key quiet after its grace": (
        facts(DONE, current_key(), old_key(quiet_at=NOW + DAY)),
        ("ok", "Up to date", "old key retires"),
    ),
    "old key due": (facts(DONE, current_key(), old_key()), ("ok", "Up to date", "old key retires now")),
    "old key being deleted": (
        facts(DONE, current_key(), old_key(ended_by="bob", last_used_at=NOW)),
        ("ok", "Up to date", "old key is being ended"),
    ),
    "old key used before the turn only": (
        facts(DONE, current_key(), old_key(last_used_at=NOW - 9 * DAY)),
        ("ok", "Up to date", "old key retires now"),
    ),
    "old key used in its grace": (
        facts(DONE, current_key(), old_key(retire_at=NOW + DAY, last_used_at=NOW - DAY)),
        ("ok", "Up to date", "old key retires"),
    ),
    "old key used after its grace": (
        facts(DONE, current_key(), old_key(last_used_at=NOW - DAY)),
        ("warn", "Old key in use", "last use"),
    ),
    "queued": (facts(rotation(State.QUEUED), current_key()), ("run", "Queued", "")),
    "creating": (facts(rotation(State.CREATING), current_key()), ("run", "Creating", "")),
    "verifying": (
        facts(rotation(State.VERIFYING, good_rounds=3), current_key()),
        ("run", "Verifying", "3 of 8 rounds"),
    ),
    "publishing": (facts(rotation(State.PUBLISHING), current_key()), ("run", "Publishing", "")),
    "throttled": (
        facts(rotation(State.CREATING, wait_code="throttled", wait_until=SOON)),
        ("run", "Waiting", "until"),
    ),
    "waits for room": (
        facts(rotation(State.QUEUED, wait_code="old_key_in_grace", wait_until=SOON), current_key(), old_key()),
        ("run", "Waiting", "for the old key to retire"),
    ),
    "waits for room between two looks": (
        facts(rotation(State.QUEUED, wait_code="old_key_in_grace", wait_until=NOW - DAY), current_key(), old_key()),
        ("run", "Waiting", "for the old key to retire"),
    ),
    "waits for room in vain": (
        facts(
            rotation(State.QUEUED, wait_code="old_key_in_grace", wait_until=SOON), current_key(),
            old_key(error_code="not_permitted"),
        ),
        ("bad", "Failed", "the old key can't be deleted"),
    ),
    "waits for room, and AWS throttles": (
        facts(
            rotation(State.QUEUED, wait_code="old_key_in_grace", wait_until=SOON), current_key(),
            old_key(error_code="throttled"),
        ),
        ("run", "Waiting", "for the old key to retire"),
    ),
    "pause between two rounds": (
        facts(rotation(State.VERIFYING, wait_until=SOON), current_key()),
        ("run", "Verifying", "0 of 8 rounds"),
    ),
    "failed": (facts(failed(), current_key()), ("bad", "Failed", "")),
    "failed, then paused": (facts(failed(), current_key(), paused_at=NOW), ("idle", "Paused", "")),
    "paused, then failed by button": (
        facts(failed(), current_key(), paused_at=NOW - 9 * DAY, due_at=None),
        ("bad", "Failed", ""),
    ),
    "paused": (facts(DONE, current_key(), paused_at=NOW, paused_by="ana"), ("idle", "Paused", "by ana,")),
    "overdue": (facts(DONE, current_key(), due_at=NOW - timedelta(minutes=1)), ("warn", "Overdue", "was due")),
    "due a moment ago": (facts(DONE, current_key(), due_at=NOW - timedelta(seconds=5)), ("ok", "Up to date", "")),
    "new": (facts(), ("idle", "Never rotated", "")),
    "deleting": (facts(DONE, current_key(), deleting_at=NOW), ("run", "Waiting", "AWS deletes its keys since")),
    "deletion stuck": (
        facts(DONE, current_key(error_code="not_permitted"), deleting_at=NOW),
        ("bad", "Failed", "its keys can't be deleted"),
    ),
    "current key refused": (
        facts(DONE, current_key(error_code="published_key_deleted")),
        ("bad", "Failed", "its key was deleted at AWS"),
    ),
    "old key stuck": (
        facts(DONE, current_key(), old_key(error_code="not_permitted")),
        ("bad", "Failed", "the old key can't be deleted"),
    ),
    "old key waits for AWS": (
        facts(DONE, current_key(), old_key(error_code="throttled", retire_at=NOW + DAY)),
        ("ok", "Up to date", "old key retires"),
    ),
    "lost key that nobody can find": (
        facts(DONE, current_key(), key(KeyState.LOST)),
        ("bad", "Failed", "a key may be lost at AWS"),
    ),
    "lost key that is searched for": (
        facts(DONE, current_key(), key(KeyState.LOST, look_at=NOW)),
        ("ok", "Up to date", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_says_how_the_strategy_stands(name):
    of, expected = STATES[name]
    assert told(of) == expected


def test_uses_the_words_of_the_building_blocks_and_no_others():
    words = {expected[1] for _, expected in STATES.values()}
    assert words == {
        "Up to date", "Queued", "Creating", "Verifying", "Publishing", "Waiting", "Old key in use", "Overdue", "Failed",
        "Paused", "Never rotated",
    }  # fmt: skip


def test_tells_why_a_rotation_waits():
    line = state_of(STATES["throttled"][0], NOW, LATE).line
    assert (line.moment, line.after, line.form) == (SOON, ", AWS throttles", "clock")


@pytest.mark.parametrize(
    ("columns", "until"),
    [
        ({"retire_at": NOW + DAY, "quiet_at": NOW + 2 * DAY}, NOW + 2 * DAY),
        ({"retire_at": NOW + 2 * DAY, "quiet_at": NOW + DAY}, NOW + 2 * DAY),
        ({"retire_at": NOW + DAY, "quiet_at": None}, NOW + DAY),
    ],
)
def test_tells_until_when_a_rotation_waits_for_room(columns, until):
    waits = rotation(State.QUEUED, wait_code="old_key_in_grace", wait_until=SOON)
    line = state_of(facts(waits, current_key(), old_key(**columns)), NOW, LATE).line
    assert (line.moment, line.form) == (until, "soon")
    by_deadline = facts(waits, current_key(), old_key(**columns), retire_when="deadline", deadline_s=60)
    assert state_of(by_deadline, NOW, LATE).line.moment == columns["retire_at"]


def test_never_names_a_next_time_in_the_past():
    def told(newest, due_in):
        line = next_line(facts(newest, current_key(), due_at=NOW + due_in), NOW, LATE)
        return line.before, line.moment, line.form

    assert told(DONE, DAY) == ("", NOW + DAY, "due")
    assert told(DONE, -SECOND) == ("Due now", None, "ago")
    assert told(DONE, -DAY) == ("Overdue since", NOW - DAY, "at")
    assert told(rotation(State.QUEUED), -DAY) == ("When rotation 466 has ended", None, "ago")


@pytest.mark.parametrize("code", FAILURES)
def test_every_failure_needs_attention(code):
    state = state_of(facts(failed(code), current_key()), NOW, LATE)
    assert (state.word, state.group) == ("Failed", Group.ATTENTION)


@pytest.mark.parametrize("code", FAILURES)
def test_every_cause_of_waiting_has_words(code):
    line = state_of(facts(rotation(State.CREATING, wait_code=code, wait_until=SOON)), NOW, LATE).line
    assert line.before


def test_puts_attention_first_then_what_runs_then_the_next_time():
    order = [
        facts(failed(), current_key()),
        STATES["old key used after its grace"][0],
        facts(rotation(State.QUEUED), current_key(), due_at=NOW + 90 * DAY),
        facts(DONE, current_key(), due_at=NOW + DAY),
        facts(DONE, current_key(), due_at=NOW + 2 * DAY),
        facts(DONE, current_key(), due_at=None, user_name="a"),
        facts(DONE, current_key(), due_at=None, user_name="b"),
    ]
    keys = [sort_key(of, state_of(of, NOW, LATE)) for of in order]
    assert keys == sorted(keys)


def test_rotates_next_at_the_due_time_or_at_an_earlier_retry():
    assert next_time(facts(due_at=SOON)) == SOON
    assert next_time(facts(due_at=NOW + DAY, retry_at=SOON)) == SOON
    assert next_time(facts(due_at=None)) is None


def test_only_a_failure_that_a_person_must_mend_puts_the_schedule_on_hold():
    assert on_hold(facts(failed("not_permitted")))
    assert not on_hold(facts(failed("throttled")))
    assert not on_hold(facts(failed("answer_lost"), retry_at=SOON))
    assert not on_hold(facts(DONE))
    assert not on_hold(facts())
