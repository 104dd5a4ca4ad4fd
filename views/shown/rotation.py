"""The state of a rotation, and its steps as the page tells them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Purpose, Rotation, RotationStep, StepName
from models import State as RotationState
from models.rotation import STEPS
from rotation.ending import rules
from rotation.failures import FAILURES
from views.shown import state as look
from views.shown.state import Group, Line, State

_SUCCEEDED = State("ok", "circle-check", "Succeeded", Group.OK)
_WAITS_FOR = {
    "throttled": "AWS throttles",
    "aws_unreachable": "AWS doesn't answer",
}


def waits_for_room(rotation: Any) -> bool:
    """Whether the rotation waits until an old key is gone; it does so between two looks at that key as well."""
    return rotation.ended_at is None and rotation.wait_code in {"old_key_in_grace", "old_key_kept"}


def is_waiting(rotation: Any, now: datetime) -> bool:
    """Whether the rotation waits for something but the pause between two rounds of verification."""
    pauses = rotation.wait_until is not None and rotation.wait_until > now
    return waits_for_room(rotation) or (bool(rotation.wait_code) and pauses)


def old_key_ends_at(old: Any | None, strategy: Any) -> datetime | None:
    """When the next step of an old key comes, by what AWS has reported so far; None when none is to come by itself."""
    return None if old is None else rules.end_at(old, strategy)


def running_state(rotation: Any, verify_rounds: int, now: datetime, room_at: datetime | None = None) -> State:
    """The state of an open rotation. `room_at`: when the old key that it may wait for can end."""
    if rotation.wait_code == "old_key_kept" and waits_for_room(rotation):
        return look.waiting(Line("for a person to end the old key"))
    if waits_for_room(rotation):
        return look.waiting(Line("for the old key to retire", room_at, form="soon"))
    if is_waiting(rotation, now):
        why = _WAITS_FOR.get(rotation.wait_code, FAILURES[rotation.wait_code].label)
        return look.waiting(Line("until", rotation.wait_until, f", {why}", form="clock"))
    word = rotation.state.capitalize()
    if rotation.state == RotationState.VERIFYING.value:
        return look.running(word, Line(f"{rotation.good_rounds} of {verify_rounds} rounds"))
    return look.running(word)


def state_of(rotation: Rotation, verify_rounds: int, now: datetime, room_at: datetime | None = None) -> State:
    """The rotation's state, open or ended. `room_at`: as for `running_state`."""
    if rotation.is_open:
        return running_state(rotation, verify_rounds, now, room_at)
    return _SUCCEEDED if rotation.state == RotationState.SUCCEEDED.value else look.failed()


def is_idle(rotation: Any, now: datetime) -> bool:
    """Whether a worker could take the rotation now, and none has: for a moment, or because nobody works."""
    held = rotation.lease_until is not None and rotation.lease_until > now
    pausing = rotation.wait_until is not None and rotation.wait_until > now
    return rotation.ended_at is None and not held and not pausing


@dataclass(frozen=True)
class ShownStep:
    """A step as the page tells it. `kind`: ok, bad, run, wait or todo."""

    name: StepName
    title: str
    kind: str
    icon: str
    text: str
    calls: Sequence[dict[str, Any]] = ()
    earlier: Sequence[dict[str, Any]] = ()
    """Calls before those that are shown at once."""
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def took_s(self) -> float | None:
        """How long the step took, in seconds."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


_TITLES = {
    StepName.CLAIM: "Claim",
    StepName.MAKE_ROOM: "Make room",
    StepName.CREATE: "Create",
    StepName.BRING_BACK: "Bring back",
    StepName.VERIFY: "Verify",
    StepName.PUBLISH: "Publish",
}
_TO_COME = {
    StepName.CLAIM: "A worker takes the rotation. Nobody else can turn this user's key meanwhile.",
    StepName.MAKE_ROOM: "IAM allows two keys for a user, so there must be room for the new one.",
    StepName.CREATE: "AWS is asked for a new key, once.",
    StepName.BRING_BACK: "The key before is proven to be the user's, and activated where it is inactive.",
    StepName.VERIFY: "The new key is tried before anyone reads it.",
    StepName.PUBLISH: "Both secrets change in one step: whoever reads them gets one pair, the old or the new.",
}
_RUNNING = {
    **_TO_COME,
    StepName.VERIFY: "AWS makes a new key known place by place, so one right answer isn't enough. "
    "Gives up after 2 minutes.",
}
_CALLS_AT_ONCE = 9
_GOES_ON = "The rotation goes on when it's gone; no worker is held meanwhile."


def steps_of(rotation: Rotation, now: datetime) -> list[ShownStep]:
    """All its steps, in order: those that were taken as they went, the others as they will."""
    taken = {step.name: step for step in rotation.steps}
    return [_step(name, taken.get(name.value), rotation, now) for name in STEPS[Purpose(rotation.purpose)]]


def _step(name: StepName, step: RotationStep | None, rotation: Rotation, now: datetime) -> ShownStep:
    if step is None:
        text = _TO_COME[name] if rotation.is_open else "Not reached."
        return ShownStep(name, _TITLES[name], "todo", "circle", text)
    if step.failed:
        kind, icon, text = "bad", "alert-octagon", f"{step.summary}."
    elif step.ended_at is not None:
        kind, icon, text = "ok", "circle-check", step.summary
    elif is_waiting(rotation, now):
        kind, icon, text = "wait", "clock", _waiting_text(rotation, name)
    else:
        kind, icon, text = "run", "loader-2", _RUNNING[name]
    calls = step.calls
    return ShownStep(
        name, _TITLES[name], kind, icon, text, calls[-_CALLS_AT_ONCE:], calls[:-_CALLS_AT_ONCE],
        step.started_at, step.ended_at,
    )  # fmt: skip


def _waiting_text(rotation: Rotation, name: StepName) -> str:
    if rotation.wait_code == "old_key_kept":
        return f"An old key stays until a person ends it. {_GOES_ON}"
    if waits_for_room(rotation):
        return f"AWS still has the old key. {_GOES_ON}"
    if rotation.wait_code != "aws_unreachable":
        why = "AWS refused for now and made no key"
    elif name is StepName.CREATE:
        why = "AWS couldn't be reached: the request was never sent and nothing was made"
    else:
        why = "AWS didn't answer, and nothing was made"
    return f"{why}, so asking again is safe. No worker is held meanwhile."


def seen(rotation: Rotation, *, stands_still: bool, old_key: Any = None) -> str:
    """A mark of all that a page shows of the rotation: a page that sends it back hears of changes only.

    `old_key`: what it shows of the one that is waited for, in any form that changes with it.
    """
    steps = [(step.name, step.ended_at, len(step.calls), step.calls[-1:]) for step in rotation.steps]
    waits = rotation.wait_code and (old_key if waits_for_room(rotation) else rotation.wait_until)
    told = (rotation.state, steps, rotation.tries, rotation.wait_code, waits, stands_still)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]
