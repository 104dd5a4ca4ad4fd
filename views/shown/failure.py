"""A failure in the reader's words: what programs read, why, what to do, and the way there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from markupsafe import Markup, escape

from models import AccessKey, KeyState, Rotation, RotationStrategy
from rotation.failures import FAILURES, Told
from views.shown.state import NOTHING, Line

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)")
_CODE = re.compile(
    r"\bA[A-Z0-9]{15,}\b"  # an access key ID
    r"|\barn:aws[\w:/+=,.@*-]*[\w*]"
    r"|\b(?:iam|sts|s3):[A-Z]\w+"
    r"|\bAWS_[A-Z_]+\b"
)


class Way(StrEnum):
    """Where the remedy is."""

    CONNECTION = "connection"
    EDIT = "edit"
    POLICY = "policy"
    STRATEGIES = "strategies"
    OLD_KEY = "old-key"
    COPIES = "copies"


WAYS: Mapping[str, Way] = {
    "manager_secret_wrong": Way.CONNECTION,
    "manager_key_unknown": Way.CONNECTION,
    "role_not_assumable": Way.CONNECTION,
    "own_not_allowed": Way.CONNECTION,
    "no_own_credentials": Way.CONNECTION,
    "not_permitted": Way.POLICY,
    "no_such_user": Way.EDIT,
    "two_keys": Way.EDIT,
    "existing_key_not_targets": Way.EDIT,
    "key_in_connection": Way.CONNECTION,
    "secret_missing": Way.EDIT,
    "target_taken": Way.STRATEGIES,
    "old_key_in_grace": Way.OLD_KEY,
    "unknown_key": Way.OLD_KEY,
    "key_is_published": Way.OLD_KEY,
    "copy_behind": Way.COPIES,
}
"""The page where a failure is mended; those that aren't here are mended by rotating again, or by themselves."""


_REFUSED = ("published_key_deleted", "published_key_inactive", "published_key_refused")


@dataclass(frozen=True)
class Reads:
    """What programs read.

    `works`: AWS has accepted it in this rotation, or reported a use since. `fails`: AWS refuses it.
    """

    access_key_id: str
    since: datetime | None = None
    works: bool = False
    fails: bool = False


@dataclass(frozen=True)
class Trouble:
    """A failure, told."""

    code: str
    told: Told
    way: Way | None
    by_itself: Line = NOTHING
    """What happens without a person, and when."""


def tell(code: str, facts: Mapping[str, str], zone: tzinfo, by_itself: Line = NOTHING) -> Trouble:
    """The failure with the facts of its case, moments in the reader's zone."""
    told = FAILURES[code].tell(facts)
    local = Told(**{field.name: _local(getattr(told, field.name), zone) for field in fields(Told)})
    return Trouble(code, local, WAYS.get(code), by_itself)


def mended(trouble: Trouble, strategy: RotationStrategy, keys: Iterable[AccessKey]) -> Trouble:
    """The failure, or what is left to do of it since a person named the second key as one to take over."""
    named = strategy.existing_key_id
    if trouble.code != "two_keys" or not named or any(key.access_key_id == named for key in keys):
        return trouble
    left = replace(trouble.told, what_to_do=f"Rotate again: {named} is taken over then.", command="")
    return replace(trouble, told=left, way=None)


def after_rotation(strategy: RotationStrategy) -> Line:
    """What happens by itself after the strategy's newest rotation has failed."""
    if strategy.paused_at is not None or (strategy.due_at is None and strategy.retry_at is None):
        return Line("Rests until somebody rotates.")
    if strategy.retry_at is not None:
        return Line("Tries again", strategy.retry_at, ".", form="soon")
    return Line("Rests until it is mended and rotated, or until its next time,", strategy.due_at, ".", form="soon")


def trouble_of_key(key: AccessKey, now: datetime, zone: tzinfo, current: Any | None = None) -> Trouble | None:
    """Why the key's end doesn't go on, told; None when it does. `current`: the key that programs read."""
    if not key.error_code:
        return None
    facts = key.error_facts
    if key.state == KeyState.LOST.value:
        facts = facts | {"key": (current.access_key_id if current else None) or ""}
    again = NOTHING
    if key.look_at is not None and key.look_at > now:
        again = Line("Tries again", key.look_at, ".", form="soon")
    return tell(key.error_code, facts, zone, again)


def reads(rotation: Rotation, current: Any | None) -> Reads | None:
    """What programs read, told on the page of `rotation`; None when no key was published yet."""
    if current is None or not current.access_key_id:
        return None
    made_here = current.rotation_id == rotation.id
    used_since = current.last_used_at is not None and current.last_used_at >= rotation.requested_at
    later = rotation.ended_at is not None and current.published_at is not None and not made_here
    since = current.published_at if later and current.published_at > rotation.ended_at else None
    fails = current.error_code in _REFUSED
    return Reads(current.access_key_id, since, not fails and (made_here or used_since), fails)


def mark_code(text: str) -> Markup:
    """The text with key IDs, ARNs and names of actions set as code."""
    parts, end = [], 0
    for found in _CODE.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<code>{}</code>").format(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _local(text: str, zone: tzinfo) -> str:
    def words(found: re.Match[str]) -> str:
        local = datetime.fromisoformat(found[0]).astimezone(zone)
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S}"

    return _MOMENT.sub(words, text)
