"""What a lane of the picture of keys over time says."""

from __future__ import annotations

from datetime import datetime, tzinfo

from models import AccessKey, KeyState
from views.frame.times import DAY_S, span
from views.shown.picture.axis import Scene
from views.shown.picture.spans import read_from


def caption(key: AccessKey, scene: Scene) -> str:
    """What the key is now, in a few words: `Current, 8 d old`."""
    now = scene.now
    state = KeyState(key.state)
    if state is KeyState.ACTIVE:
        age_s = (now - (key.created_at or key.intent_at)).total_seconds()
        return "Current, taken over" if key.taken_over else f"Current, {key_age(max(age_s, 0))} old"
    if state is KeyState.DELETED:
        at = key.deleted_at or now
        return f"{'Deleted' if read_from(key) else 'Never read, deleted'} {_day(at, now, scene.zone)}"
    return {
        KeyState.PENDING: "Being made",
        KeyState.CREATED: "New, nobody reads it yet",
        KeyState.RETIRING: "Old, still valid",
        KeyState.DEACTIVATED: "Inactive, evidence" if key.leaked_at else "Inactive",
        KeyState.LOST: "Lost: AWS may have made it",
    }[state]


def sentence(key: AccessKey, zone: tzinfo, until: datetime | None) -> str:
    """The key's life in words, for who can't see the picture."""
    parts = [f"{told} {_full(moment, zone)}" for told, moment in _events(key) if moment is not None]
    if key.taken_over:
        parts.insert(0, "there before Keyturn")
    if key.last_used_at is not None:
        parts.append(f"last used {_full(key.last_used_at, zone)}{_where(key)}")
    if key.state == KeyState.ACTIVE.value:
        parts.append("current")
    if key.state == KeyState.LOST.value:
        parts.append("AWS may have made it, its answer never came")
    if until is not None:
        what = "next turn planned" if key.state == KeyState.ACTIVE.value else "deleted by itself from"
        parts.append(f"{what} {_full(until, zone)}{'' if key.state == KeyState.ACTIVE.value else ' on'}")
    return ", ".join(parts)


def _events(key: AccessKey) -> list[tuple[str, datetime | None]]:
    made = None if key.taken_over else key.created_at
    asked = None if made or key.taken_over else key.intent_at
    return [
        ("asked for", asked),
        ("created", made),
        ("published", key.published_at),
        ("replaced", key.replaced_at),
        ("said to be compromised", key.leaked_at),
        ("grace until", key.retire_at if key.deleted_at is None and key.deactivated_at is None else None),
        ("deactivated", key.deactivated_at),
        ("deleted", key.deleted_at),
    ]


def key_age(age_s: float) -> str:
    """A key's age, in days from one day on, for that is what people compare: `131 d`, `9 h`."""
    return f"{int(age_s // DAY_S):,} d" if age_s >= DAY_S else span(age_s)


def label(key: AccessKey, scene: Scene) -> tuple[str, bool]:
    """The lane's label in the picture, and whether it warns."""
    state = KeyState(key.state)
    if state is KeyState.RETIRING:
        return _old_label(key, scene.now)
    if state is KeyState.ACTIVE:
        return (
            "there before Keyturn" if key.published_at is None else f"published {_at(key.published_at, scene)}"
        ), False
    if state is KeyState.DELETED:
        events = (("last used", key.last_used_at), ("deactivated", key.deactivated_at), ("deleted", key.deleted_at))
        return ", ".join(f"{word} {_about(moment, scene)}" for word, moment in events if moment is not None), False
    words = {
        KeyState.PENDING: f"asked for {_at(key.intent_at, scene)}",
        KeyState.CREATED: f"created {_at(key.created_at or key.intent_at, scene)}, nobody reads it yet",
        KeyState.DEACTIVATED: f"inactive since {_about(key.deactivated_at or scene.now, scene)}",
        KeyState.LOST: f"AWS may have made it {_at(key.intent_at, scene)}",
    }
    return words[state], state is KeyState.LOST


def _old_label(key: AccessKey, now: datetime) -> tuple[str, bool]:
    used, replaced = key.last_used_at, key.replaced_at
    if key.ended_by:
        return "being ended", False
    if used is not None and replaced is not None and used >= replaced:
        return f"last used {_age(used, now)} ago{_where(key)}", True
    return "no use reported since the turn", False


def _at(moment: datetime, scene: Scene) -> str:
    """To the second, with its day where the picture spans several."""
    local = moment.astimezone(scene.zone)
    return f"{local:%H:%M:%S}" if scene.is_short else f"{local.day} {local:%b, %H:%M:%S}"


def _about(moment: datetime, scene: Scene) -> str:
    """The day, or the time of day where the picture spans little more than one."""
    local = moment.astimezone(scene.zone)
    return f"{local:%H:%M:%S}" if scene.is_short else f"{local.day} {local:%b}"


def _where(key: AccessKey) -> str:
    if not key.last_used_service:
        return ""
    return f", {key.last_used_service.upper()}" + (f" in {key.last_used_region}" if key.last_used_region else "")


def _age(moment: datetime, now: datetime) -> str:
    return span(max((now - moment).total_seconds(), 0))


def _day(moment: datetime, now: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M:%S}"
    return f"{local.day} {local:%b}"


def _full(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B %Y %H:%M:%S}"
