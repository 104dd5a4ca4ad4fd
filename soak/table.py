"""What came of it: one table, by the database and AWS's own log. The last five must be 0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, Rotation, RotationStrategy
from soak.evidence import calls, of_key, of_user
from soak.people import People
from soak.promises import broken
from soak.world import World

_KEYS = 2
_TOLD = 20
_WHILE = timedelta(seconds=20)


@dataclass(frozen=True)
class Table:
    """The lines of it, and whether all is well."""

    lines: list[tuple[str, str]]
    zeros: dict[str, int]
    told: list[str]

    @property
    def is_well(self) -> bool:
        """Whether nothing happened that must not."""
        return not any(self.zeros.values())

    def __str__(self) -> str:
        rows = [*self.lines, *((name, str(value)) for name, value in self.zeros.items())]
        return "\n".join([*(f"{name:<22} {value}" for name, value in rows), *self.told])


def table(
    at: World, kills: Counter[str], attacks: Counter[str], people: People, consumed: dict[str, Any],
    of_sdks: Counter[str],
) -> Table:  # fmt: skip
    """Judge. `consumed`: what consumers met; `of_sdks`: how many calls of SDKs AWS accepted, by way."""
    deletions = people.deletions
    with Session(at.at.engine) as session:
        outcomes = select(Rotation.state, Rotation.error_code).where(Rotation.ended_at.is_not(None))
        by_outcome = Counter(code or state for state, code in session.execute(outcomes)) + deletions.outcomes
        strategies = session.scalars(select(RotationStrategy)).all()
        unknown = deletions.unknown + [
            line
            for each in strategies
            for line in _unknown(at, session, each, deletions.held_before.get(each.user_name))
        ]
        promises = broken(at, session)
        zeros = {
            "consumer calls refused": consumed["refused"] + len(promises),
            "keys beyond two": _beyond_two(at),
            "unknown keys": len(unknown),
            "due times run twice": _twice(session),
            "rotations stuck": len(stuck(session)),
        }
        told = _left(session, strategies)
        told += [
            f"refused: {moment} {key} {said}{of_key(at, session, key, moment)}"
            for moment, key, said in [*consumed["told"], *promises[:_TOLD]]
        ]
    lines = [
        ("rotations", _told(by_outcome)),
        ("kills", _told(kills)),
        ("attacks", _told(attacks)),
        ("people", _told(people.done + deletions.done)),
        ("faults", _told(_faults(at))),
        ("consumer calls", str(consumed["calls"])),
        ("calls by AWS SDKs", _told(of_sdks)),
    ]
    told += [f"unknown: {line}" for line in unknown]
    return Table(lines, zeros, told)


def _left(session: Session, strategies: Sequence[RotationStrategy]) -> list[str]:
    """What has not come to its end."""
    failed = select(AccessKey).where(AccessKey.error_code != "", AccessKey.state != KeyState.DELETED.value)
    return [
        *(_being_deleted(session, each) for each in strategies if each.deleting_at is not None),
        *(f"rotation {row.id} is stuck: {row.state} {row.wait_code} {row.wait_until}" for row in stuck(session)),
        *(_kept(session, key) for key in session.scalars(failed)),
    ]


def _being_deleted(session: Session, strategy: RotationStrategy) -> str:
    keys = select(AccessKey).where(AccessKey.strategy_id == strategy.id, AccessKey.look_at.is_not(None))
    waits = [f"{key.state} {key.error_code} until {key.look_at:%T}" for key in session.scalars(keys)]
    return f"{strategy.user_name} is being deleted since {strategy.deleting_at:%T}: {', '.join(waits)}"


def _kept(session: Session, key: AccessKey) -> str:
    """Why a key doesn't end: no promise is broken, but its user may have no room for another."""
    user, said = session.get_one(RotationStrategy, key.strategy_id).user_name, key.error_facts.get("said", "")
    return f"{key.access_key_id} of {user} stays {key.state}: {key.error_code} {said}, since {key.intent_at:%T}"


def stuck(session: Session) -> list[Rotation]:
    """The rotations that have not ended, wait for no time to come, and that nobody has worked on for a while."""
    before = datetime.now(UTC) - _WHILE
    overdue = [column.is_(None) | (column <= before) for column in (Rotation.wait_until, Rotation.lease_until)]
    rows = select(Rotation).where(Rotation.ended_at.is_(None), Rotation.requested_at <= before, *overdue)
    return list(session.scalars(rows))


def _twice(session: Session) -> int:
    found = (
        select(Rotation.due_at)
        .where(Rotation.due_at.is_not(None))
        .group_by(Rotation.strategy_id, Rotation.due_at)
        .having(func.count() > 1)
    )
    return len(session.scalars(found).all())


def _unknown(at: World, session: Session, strategy: RotationStrategy, held_before: str | None) -> list[str]:
    """Keys of the user that Keyturn neither knows nor tells as lost."""
    rows = session.scalars(select(AccessKey).where(AccessKey.strategy_id == strategy.id)).all()
    lost = sum(row.state == KeyState.LOST.value for row in rows)
    listed = at.aws.iam.list_access_keys(UserName=strategy.user_name)["AccessKeyMetadata"]
    unknown = {row["AccessKeyId"] for row in listed} - {row.access_key_id for row in rows} - {held_before}
    told = f"{', '.join(unknown)} of {strategy.user_name}{of_user(at, session, strategy.user_name)}"
    return [told] if len(unknown) > lost else []


def _beyond_two(at: World) -> int:
    """How often a user had more than two keys."""
    held: dict[str, set[str]] = {}
    beyond = 0
    for call in calls(at):
        keys = held.setdefault(call["user"], set())
        if call["action"] == "iam:CreateAccessKey" and call["key"]:
            keys.add(call["key"])
            beyond += len(keys) > _KEYS
        elif call["action"] == "iam:DeleteAccessKey" and call["said"] == "OK":
            keys.discard(call["key"])
    return beyond


def _faults(at: World) -> Counter[str]:
    faults = Counter(call["fault"] for call in calls(at) if call["fault"])
    faults["throttled by rate"] = sum(call["said"] == "Throttling" and not call["fault"] for call in calls(at))
    return faults


def _told(counted: Counter[str]) -> str:
    parts = ", ".join(f"{name} {number}" for name, number in counted.most_common())
    return f"{counted.total()} ({parts})" if parts else "0"
