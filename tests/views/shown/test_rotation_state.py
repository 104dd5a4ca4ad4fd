from __future__ import annotations

from datetime import timedelta

import pytest

from models import RotationStep, State, StepName
from tests.views.shown.made import NOW, rotation
from views.shown.rotation import is_idle, seen, state_of, steps_of

SECOND = timedelta(seconds=1)


def with_steps(state, *steps, **columns):
    made = rotation(state, **columns)
    made.steps = list(steps)
    return made


def step(name, *, ended=True, failed=False, calls=(), summary="It went well."):
    return RotationStep(
        name=name.value, started_at=NOW, ended_at=NOW + SECOND if ended else None, failed=failed, summary=summary,
        calls=list(calls),
    )  # fmt: skip


def claim():
    return step(StepName.CLAIM)


def room():
    return step(StepName.MAKE_ROOM)


def test_shows_all_steps_of_a_rotation_that_runs():
    shown = steps_of(with_steps(State.CREATING, claim(), room(), step(StepName.CREATE, ended=False)), NOW)
    assert [one.title for one in shown] == ["Claim", "Make room", "Create", "Verify", "Publish"]
    assert [one.kind for one in shown] == ["ok", "ok", "run", "todo", "todo"]
    assert shown[0].took_s == 1
    assert shown[-1].text.startswith("Both secrets change in one step")


def test_says_which_step_failed_and_which_were_not_reached():
    failed = step(StepName.CREATE, failed=True, summary="Two keys already")
    shown = steps_of(with_steps(State.FAILED, claim(), room(), failed), NOW)
    assert [one.kind for one in shown] == ["ok", "ok", "bad", "todo", "todo"]
    assert [one.text for one in shown[2:]] == ["Two keys already.", "Not reached.", "Not reached."]


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("throttled", StepName.CREATE, "AWS refused for now and made no key, so asking again is safe"),
        ("aws_unreachable", StepName.CREATE, "couldn't be reached: the request was never sent and nothing was made"),
        ("aws_unreachable", StepName.MAKE_ROOM, "AWS didn't answer, and nothing was made"),
        ("old_key_in_grace", StepName.MAKE_ROOM, "AWS still has the old key"),
    ],
)
def test_says_that_a_step_waits(code, name, words):
    waits = with_steps(State.CREATING, claim(), step(name, ended=False), wait_code=code, wait_until=NOW + SECOND)
    shown = steps_of(waits, NOW)[list(StepName).index(name)]
    assert shown.kind == "wait"
    assert words in shown.text


def test_shows_the_newest_answers_at_once_and_keeps_the_earlier_ones():
    calls = [{"at": NOW.isoformat(), "action": "sts:GetCallerIdentity", "said": str(number)} for number in range(20)]
    shown = steps_of(with_steps(State.VERIFYING, step(StepName.VERIFY, ended=False, calls=calls)), NOW)[3]
    assert [call["said"] for call in shown.earlier] == [str(number) for number in range(11)]
    assert [call["said"] for call in shown.calls] == [str(number) for number in range(11, 20)]


@pytest.mark.parametrize(
    ("columns", "idle"),
    [
        ({}, True),
        ({"lease_until": NOW + SECOND}, False),
        ({"lease_until": NOW}, True),
        ({"wait_until": NOW + SECOND}, False),
        ({"wait_until": NOW}, True),
        ({"ended_at": NOW}, False),
    ],
)
def test_knows_a_rotation_that_nobody_works_on(columns, idle):
    assert is_idle(rotation(State.QUEUED, **columns), NOW) is idle


def test_a_mark_changes_with_all_that_is_shown():
    marks = {
        seen(of, stands_still=still)
        for of, still in (
            (with_steps(State.QUEUED), False),
            (with_steps(State.QUEUED), True),
            (with_steps(State.QUEUED, step(StepName.CLAIM, ended=False)), False),
            (with_steps(State.QUEUED, claim()), False),
            (with_steps(State.QUEUED, step(StepName.CLAIM, calls=[{}])), False),
            (with_steps(State.CREATING, claim()), False),
            (with_steps(State.CREATING, claim(), tries=1, wait_code="throttled", wait_until=NOW), False),
            (with_steps(State.CREATING, claim(), tries=1, wait_code="throttled", wait_until=NOW + SECOND), False),
        )
    }
    assert len(marks) == 8
    assert seen(with_steps(State.QUEUED, claim()), stands_still=False) in marks


def test_says_how_it_ended():
    assert state_of(rotation(State.SUCCEEDED), 8, NOW).word == "Succeeded"
    assert state_of(rotation(State.FAILED), 8, NOW).word == "Failed"
    assert state_of(rotation(State.PUBLISHING), 8, NOW).word == "Publishing"
