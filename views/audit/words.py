"""Entries of the audit log in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Purpose
from models.audit import Action, AuditEntry
from rotation.failures import FAILURES
from views.frame.times import duration, long_form, plural

WHAT: dict[Action, str] = {
    Action.USER_SIGN_IN: "Signed in",
    Action.USER_SIGN_IN_REFUSED: "Sign-in refused",
    Action.USER_SIGN_OUT: "Signed out",
    Action.USER_CREATE: "Account {thing} made",
    Action.USER_INVITE: "Invited {thing}",
    Action.USER_CHANGE: "Changed the rights of {thing}",
    Action.USER_DISABLE: "Disabled {thing}",
    Action.USER_ENABLE: "Enabled {thing}",
    Action.USER_CHANGE_PASSWORD: "Changed their password",
    Action.USER_RESET_PASSWORD: "Password of {thing} reset",
    Action.USER_END_SESSION: "Ended a session",
    Action.PROJECT_CREATE: "Created the project {thing}",
    Action.PROJECT_CHANGE: "Changed the project {thing}",
    Action.PROJECT_RENAME: "Renamed the project {thing}",
    Action.PROJECT_DELETE: "Deleted the project {thing}",
    Action.ENVIRONMENT_ADD: "Added the environment {thing}",
    Action.ENVIRONMENT_RENAME: "Renamed the environment {thing}",
    Action.ENVIRONMENT_DELETE: "Deleted the environment {thing}",
    Action.SECRET_CREATE: "Added {name}",
    Action.SECRET_CHANGE: "Changed {name}",
    Action.SECRET_MOVE: "Moved {name}",
    Action.SECRET_DELETE: "Deleted {name}",
    Action.SECRET_REVEAL: "Revealed {name}",
    Action.SECRET_COPY: "Copied {name}",
    Action.SECRET_RESTORE: "Brought back an earlier {name}",
    Action.TOKEN_CREATE: "Made the token {thing}",
    Action.TOKEN_ROTATE: "Gave the token {thing} a new value",
    Action.TOKEN_REVOKE: "Revoked the token {thing}",
    Action.CONNECTION_CREATE: "Added the connection {thing}",
    Action.CONNECTION_CHANGE: "Changed the connection {thing}",
    Action.CONNECTION_CHECK: "Checked the connection {thing}",
    Action.CONNECTION_DELETE: "Deleted the connection {thing}",
    Action.STRATEGY_CREATE: "Set up a strategy for {thing}",
    Action.STRATEGY_CHANGE: "Edited the strategy for {thing}",
    Action.STRATEGY_PAUSE: "Paused the strategy for {thing}",
    Action.STRATEGY_RESUME: "Resumed the strategy for {thing}",
    Action.STRATEGY_DELETE: "Deleted the strategy for {thing}",
    Action.WEBHOOK_CREATE: "Added the webhook {thing}",
    Action.WEBHOOK_CHANGE: "Changed the webhook {thing}",
    Action.WEBHOOK_ROTATE: "Gave the webhook {thing} a new secret",
    Action.WEBHOOK_DELETE: "Deleted the webhook {thing}",
    Action.ADDRESS_CREATE: "Added the address {thing}",
    Action.ADDRESS_CHANGE: "Changed the address {thing}",
    Action.ADDRESS_DELETE: "Deleted the address {thing}",
    Action.DESTINATION_CREATE: "Added the destination {thing}",
    Action.DESTINATION_CHANGE: "Changed the destination {thing}",
    Action.DESTINATION_DELETE: "Deleted the destination {thing}",
    Action.COPY_CREATE: "Began to copy to {thing}",
    Action.COPY_CHANGE: "Changed a copy in {thing}",
    Action.COPY_FAIL: "A copy to {thing} failed",
    Action.COPY_CONFIRM: "Copied to {thing}",
    Action.COPY_DELETE: "Ended a copy in {thing}",
    Action.ROTATION_REQUEST: "Asked for a rotation of {thing}",
    Action.ROTATION_SUCCEED: "Rotation of {thing} succeeded",
    Action.ROTATION_FAIL: "Rotation of {thing} failed",
    Action.KEY_CREATE: "Made a new key",
    Action.KEY_PUBLISH: "Published a new pair",
    Action.KEY_TAKE_OVER: "Took over a key",
    Action.KEY_KEEP_LONGER: "Kept an old key longer",
    Action.KEY_END: "Retired an old key now",
    Action.KEY_DEACTIVATE: "Deactivated a key",
    Action.KEY_BRING_BACK: "Brought an inactive key back",
    Action.KEY_ACTIVATE: "Activated a key again",
    Action.KEY_LEAK: "Said that a key is compromised",
    Action.KEY_CUT_OFF: "Cut a compromised key off",
    Action.KEY_DELETE: "Deleted a key",
    Action.KEY_CLEAR_UP: "Said that a key is cleared up at AWS",
    Action.KEY_LOSE: "Lost AWS's answer about a new key of {thing}",
}


@dataclass(frozen=True)
class Part:
    """A detail: its text, and where it leads if anywhere. `mono` for names and IDs."""

    text: str
    url: str = ""
    mono: bool = False


@dataclass(frozen=True)
class Shown:
    """An entry as the page shows it."""

    entry: AuditEntry
    what: str
    icon: str
    parts: list[Part]
    project: str


def show(entry: AuditEntry, project: str, strategy: str) -> Shown:
    """The entry in words. `strategy`: the user name of its strategy, if that still exists and so has pages."""
    place, _, name = entry.thing.rpartition(" ")
    parts = list(_parts(entry, place, f"/projects/{project}" if project and strategy else ""))
    if strategy and project:
        parts.append(Part(strategy, f"/projects/{project}/strategies/{entry.strategy_id}"))
    elif entry.user_name and entry.user_name != entry.thing:
        parts.append(Part(entry.user_name))
    return Shown(entry, WHAT[Action(entry.action)].format(thing=entry.thing, name=name), _icon(entry), parts, project)


def _parts(entry: AuditEntry, place: str, base: str) -> Iterator[Part]:
    thing = entry.action.split(".")[0]
    if thing == "secret" and place:
        yield Part(place, mono=True)
    elif thing == "key" and entry.action != Action.KEY_LOSE.value:
        yield Part(entry.thing, mono=True)
    elif entry.action in {Action.USER_SIGN_IN_REFUSED.value, Action.USER_END_SESSION.value}:
        yield Part(entry.thing)
    for fact, value in entry.detail.items():
        if fact == "rotation":
            yield Part(f"rotation {value}", f"{base}/rotations/{value}" if base else "")
        elif told := _WORDS[fact](value) if fact in _WORDS else _plain(fact, value):
            yield Part(told)


def _icon(entry: AuditEntry) -> str:
    if entry.actor_id is not None:
        return "user"
    return {"schedule": "clock", "worker": "settings", "terminal": "terminal-2"}.get(entry.actor, "user")


_NAMES = {
    "deadline_s": "deadline",
    "existing_key": "existing access key ID",
    "grace_s": "grace period",
    "handed_s": "what programs are handed holds for",
    "hands_out": "programs are handed",
    "max_key_age_s": "maximum age of keys",
    "iam_path": "IAM path",
    "interval_s": "interval",
    "is_admin": "administrator",
    "key": "access key",
    "outputs": "output secrets",
    "quiet_s": "quiet time",
    "smtp": "SES SMTP",
    "spread_s": "spread",
    "retire_when": "old key ends",
    "user": "IAM user",
    "watch_s": "watch",
    "verify_gap_s": "pause between rounds",
    "verify_rounds": "good rounds",
    "verify_services": "services asked",
}
"""The names of facts that aren't words by themselves."""

_VALUES = {
    ("hands_out", "session"): "temporary credentials",
    ("hands_out", "key"): "the key itself",
    ("retire_when", "quiet"): "after its quiet time",
    ("retire_when", "deadline"): "after its quiet time, at a deadline at the latest",
    ("retire_when", "next"): "at the next rotation",
    ("retire_when", "never"): "never by itself",
}
_CHANGE = re.compile(r"(?P<before>.*?) to (?P<after>.*)", re.DOTALL)


def _plain(fact: str, value: Any) -> str:
    """`interval 14 days`; of a change, which is recorded as text, `interval: 14 days → 3 days`; of nothing, nothing."""
    name = _NAMES.get(fact, fact.replace("_", " "))
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if value in (0, "none"):
        return ""
    if isinstance(value, list):
        return f"{name}: {', '.join(map(str, value)) or 'none'}"
    change = _CHANGE.fullmatch(value) if isinstance(value, str) else None
    if change is None:
        return f"{name} {_value(fact, value)}"
    return f"{name}: {_value(fact, change['before'])} → {_value(fact, change['after'])}"


def _value(fact: str, value: Any) -> str:
    text = str(value)
    if (fact, text) in _VALUES:
        return _VALUES[fact, text]
    if fact.endswith("_s") and text.isdecimal():
        return duration(int(text))
    return re.sub(r"[\[\]']", "", text)


def _until(value: str) -> str:
    try:
        return f"until {long_form(datetime.fromisoformat(value))}"
    except ValueError:
        return f"until {value}"


_PURPOSES = {Purpose.TURN.value: "", Purpose.UNDO.value: "back to the key before"}
_OLD_KEY = {"ask": "", "wait": "the old key keeps its grace", "end": "the old key retires now"}

_WORDS: dict[str, Callable[[Any], str]] = {
    "changed": " and ".join,
    "copy": lambda _value: "",
    "deletes_there": lambda value: "what Keyturn made there is deleted" if value else "nothing is deleted there",
    "code": lambda value: FAILURES[value].label if value in FAILURES else value,
    "delete_keys": lambda value: "keys that it made deleted at AWS" if value else "keys kept at AWS",
    "failed": lambda value: plural(value, "check") + " failed" if value else "all checks passed",
    "from_version": lambda value: f"from version {value}",
    "made": lambda value: f"by a {value}",
    "new_name": lambda value: f"now {value}",
    "old_key": lambda value: _OLD_KEY.get(value, value),
    "purpose": lambda value: _PURPOSES.get(value, value),
    "reason": lambda value: f"reason “{value}”",
    "to": lambda value: f"now {value}",
    "trigger": lambda value: f"by {value}",
    "until": _until,
    "what": str,
    "why": lambda value: f"because {value}",
}
