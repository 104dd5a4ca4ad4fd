"""The small picture of a key's uses: a row for each service and region, a dot for each time that AWS told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import AccessKey, KeyUse

MOST_LANES = 6
MOST_ROWS = 5
MOST_USES = 500
"""More than this of one key aren't drawn: its newest ones are."""

_LEAST_SPAN = timedelta(hours=1)
_INSET = 1.5
"""In percent: so that a dot at the edge is whole."""


@dataclass(frozen=True)
class Lane:
    """One service in one region: where its dots stand, in percent of the width, and the same in words."""

    service: str
    region: str
    points: tuple[float, ...]
    words: str
    is_on_new: bool
    """Whether AWS has told of the same of the new key."""


@dataclass(frozen=True)
class Uses:
    """The picture and the list. `turn_x`: where the key was replaced."""

    lanes: tuple[Lane, ...]
    left_out: int
    turn_x: float | None
    since: datetime
    newest: tuple[KeyUse, ...]
    earlier: int


def draw(key: AccessKey, uses: Sequence[KeyUse], on_new: Collection[KeyUse], now: datetime) -> Uses:
    """The picture of these uses, the newest first, over the key's life until now, beside those of the new key."""
    since = min([key.created_at or key.intent_at, *(use.used_at for use in uses)])
    length = max(now - since, _LEAST_SPAN)

    def x(moment: datetime) -> float:
        return round(_INSET + (100 - 2 * _INSET) * ((moment - since) / length), 1)

    by_place: dict[tuple[str, str], list[KeyUse]] = {}
    for use in uses:
        by_place.setdefault((use.service, use.region), []).append(use)
    moved = {(use.service, use.region) for use in on_new}
    lanes = [_lane(*place, told, x, is_on_new=place in moved) for place, told in by_place.items()]
    return Uses(
        tuple(lanes[:MOST_LANES]), len(lanes[MOST_LANES:]), x(key.replaced_at) if key.replaced_at else None, since,
        tuple(uses[:MOST_ROWS]), len(uses[MOST_ROWS:]),
    )  # fmt: skip


def _lane(
    service: str, region: str, told: Sequence[KeyUse], x: Callable[[datetime], float], *, is_on_new: bool
) -> Lane:
    where = f"{service or 'a service'}{f' in {region}' if region else ''}"
    times = "once" if len(told) == 1 else f"{len(told)} times"
    return Lane(service, region, tuple(sorted({x(use.used_at) for use in told})), f"{where}: told {times}", is_on_new)
