"""What is told, in words for people: what holds, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models import Kind, OutboxEvent
from rotation.telling.webhooks import page_of


@dataclass(frozen=True)
class Words:
    """A message. `body` is plain text."""

    title: str
    body: str


def words_of(event: OutboxEvent, base_url: str) -> Words:
    """The event as people are told it. It ends with where to look, as far as it is known where Keyturn is reached."""
    title, said, do = _WORDS[Kind(event.kind)](event.data)
    where = base_url + page_of(event) if base_url else f"{page_of(event)} (KEYTURN_URL isn't set, so this is no link)"
    lines = [said, f"What to do: {do}" if do else "", where]
    return Words(f"[{event.data['project']['name']}] {title}", "\n\n".join(filter(None, lines)))


Told = tuple[str, str, str]


def _failed(data: dict[str, Any]) -> Told:
    user = data["strategy"]["user_name"]
    if data.get("mended"):
        said = f"A rotation succeeded again. The new key is {data['key']['access_key_id']}."
        return f"{user}: rotates again", said, ""
    failure = data["failure"]
    still = f"It is so since {data['since']}. " if data.get("since") else ""
    return f"{user}: {failure['heading']}", f"{still}{failure['why']}", failure["what_to_do"]


def _waiting(data: dict[str, Any]) -> Told:
    failure = data["failure"]
    return f"{data['strategy']['user_name']}: a rotation waits for you", failure["why"], failure["what_to_do"]


def _due(data: dict[str, Any]) -> Told:
    said = f"It rotates by itself at {data['due_at']}."
    return f"{data['strategy']['user_name']}: rotates within a day", said, "Nothing, unless it must not: then pause it."


def _used(data: dict[str, Any]) -> Told:
    key, use = data["key"]["access_key_id"], data["use"]
    said = (
        f"AWS reports {use['service']} in {use['region']} at {use['at']}, after its grace. The current key works; "
        "the old one stays until it is quiet, where the strategy's rule says so."
    )
    do = "Restart or correct what still uses the old key. Its page tells who read it last."
    return f"{data['strategy']['user_name']}: the old key {key} is still used", said, do


def _old(data: dict[str, Any]) -> Told:
    key = data["key"]
    said = f"{key['access_key_id']} was made at {key['created_at']}; the project allows {data['allowed_days']} days."
    do = "Rotate it, or end the old key that holds it up."
    return f"{data['strategy']['user_name']}: a key is older than allowed", said, do


def _copy(data: dict[str, Any]) -> Told:
    where, what = data["copy"]["destination"], data["copy"]["what"]
    if data.get("mended"):
        return f"{where}: copied again", f"It has {what} as Keyturn does.", ""
    failure = data["failure"]
    said = f"{where} doesn't have {what} as Keyturn does, and an old key waits for that. {failure['why']}"
    return f"{where}: {failure['heading'].lower()}", said, failure["what_to_do"]


def _stopped(data: dict[str, Any]) -> Told:
    if data.get("mended"):
        return f"The {data['part']} runs again", "What was due meanwhile is made up.", ""
    said = f"Nothing rotates and nothing retires since {data['since']}. Programs keep the keys that they have."
    return f"No {data['part']} of Keyturn runs", said, f"Start it: keyturn up, or keyturn {data['part']}."


def _test(data: dict[str, Any]) -> Told:
    return "A test", f"{data['sent_by']} sent it to see whether it arrives. It did.", ""


def _succeeded(data: dict[str, Any]) -> Told:
    return f"{data['strategy']['user_name']}: rotated", f"The new key is {data['key']['access_key_id']}.", ""


def _deleted(data: dict[str, Any]) -> Told:
    said = f"AWS has no key {data['key']['access_key_id']} any more."
    return f"{data['strategy']['user_name']}: a key was deleted", said, ""


_WORDS: dict[Kind, Callable[[dict[str, Any]], Told]] = {
    Kind.ROTATION_SUCCEEDED: _succeeded,
    Kind.ROTATION_FAILED: _failed,
    Kind.ROTATION_WAITING: _waiting,
    Kind.ROTATION_DUE: _due,
    Kind.KEY_USED: _used,
    Kind.KEY_OLD: _old,
    Kind.KEY_DELETED: _deleted,
    Kind.COPY_FAILED: _copy,
    Kind.STOPPED: _stopped,
    Kind.TEST: _test,
}
