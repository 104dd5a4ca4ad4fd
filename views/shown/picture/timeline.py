"""Keys over time: a lane for each key of a strategy, its stretches as bars and its events as marks.

Everything horizontal is in percent of the width, so that the picture stretches and its text doesn't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models import AccessKey, KeyState
from views.shown.picture.axis import Range, Scene, ticks
from views.shown.picture.lane_words import caption, label, sentence
from views.shown.picture.spans import Stretch, newest_first, planned_end, read_from, spans

MOST_LANES = 12
FULL = 100.0
"""The width, in percent."""

_ROOM_FOR_NOW = 21.0
"""Percent left of now that its own label takes on a narrow screen."""
_RIGHT_EDGE = 94.0
_ROOM_ON_THE_RIGHT = 62.0
_ROOM_FOR_A_WARNING = 76.0
_ROOM_ON_THE_LEFT = 30.0
_ROOM_FOR_BOTH = 40.0
_ROOM_FOR_A_TURN = 84.0
_LEAST_WIDTH = 0.3
_BESIDE_PX = 14


class Mark(StrEnum):
    """What happened at a point of a key's life."""

    PUBLISHED = "pin"
    NEW = "pin-new"
    USED = "pin-use"
    GRACE_ENDS = "grace"
    DELETED = "deleted"
    LOST = "lost"


@dataclass(frozen=True)
class Bar:
    """A stretch of a key's life."""

    stretch: Stretch
    x: float
    width: float

    @property
    def edges(self) -> tuple[float, float]:
        """Where it begins and ends."""
        return self.x, self.x + self.width


@dataclass(frozen=True)
class Point:
    """A mark at `x`."""

    mark: Mark
    x: float


@dataclass(frozen=True)
class Text:
    """A label that leaves the picture readable without it: narrow screens don't show it.

    `dx` in pixels from `x`, `above` the bar or beside it.
    """

    x: float
    dx: int
    anchor: str
    above: bool
    words: str
    warn: bool


@dataclass(frozen=True)
class Lane:
    """One key: `caption` beside its ID, `words` for who can't see the picture."""

    key: AccessKey
    caption: str
    words: str
    bars: tuple[Bar, ...]
    points: tuple[Point, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Line:
    """A line of the axis; its label is empty where there is no room."""

    x: float
    label: str


@dataclass(frozen=True)
class Timeline:
    """The whole picture."""

    shown: Range
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]
    turns: tuple[float, ...]
    now_x: float
    more: bool
    """Whether there are earlier keys in this range than the lanes hold."""


def draw(keys: Sequence[AccessKey], scene: Scene) -> Timeline:
    """The picture of these keys."""
    inside = [key for key in newest_first(keys) if key.deleted_at is None or key.deleted_at >= scene.start]
    lanes = tuple(_lane(key, scene) for key in inside[:MOST_LANES])
    turned = [key.published_at for key in inside if key.published_at is not None and key.published_at >= scene.start]
    return Timeline(
        scene.shown, lanes, _lines(scene), tuple(scene.x(moment) for moment in turned), scene.x(scene.now),
        more=len(inside) > MOST_LANES,
    )  # fmt: skip


def _lines(scene: Scene) -> tuple[Line, ...]:
    now_x = scene.x(scene.now)
    lines = []
    for tick in ticks(scene):
        x = scene.x(tick.moment)
        crowded = now_x - _ROOM_FOR_NOW < x <= now_x or x > _RIGHT_EDGE
        lines.append(Line(x, "" if crowded else tick.label))
    return tuple(lines)


def _lane(key: AccessKey, scene: Scene) -> Lane:
    until = planned_end(key, scene.next_turn)
    bars, points = _bars(key, scene, until), _points(key, scene)
    texts = _texts(key, scene, [edge for bar in bars for edge in bar.edges] + [point.x for point in points])
    return Lane(key, caption(key, scene), sentence(key, scene.zone, until), bars, points, texts)


def _bars(key: AccessKey, scene: Scene, until: datetime | None) -> tuple[Bar, ...]:
    bars = []
    for span in spans(key, scene.now, until):
        x, end = (min(max(scene.x(moment), 0.0), FULL) for moment in (span.start, span.end))
        if end > 0 and x < FULL:
            bars.append(Bar(span.stretch, x, round(max(end - x, _LEAST_WIDTH), 2)))
    return tuple(bars)


def _points(key: AccessKey, scene: Scene) -> tuple[Point, ...]:
    events: list[tuple[Mark, datetime | None]] = [(Mark.PUBLISHED, key.published_at)]
    if read_from(key) is None:
        lost = key.access_key_id is None and key.state != KeyState.PENDING.value
        events.append((Mark.LOST if lost else Mark.NEW, key.created_at or key.intent_at))
    if key.replaced_at is not None:
        in_grace = key.state == KeyState.RETIRING.value and not key.ended_by
        events.append((Mark.GRACE_ENDS, key.retire_at if in_grace else None))
        events.append((Mark.USED, key.last_used_at))
    events.append((Mark.DELETED, key.deleted_at))
    placed = [(mark, scene.x(moment)) for mark, moment in events if moment is not None]
    return tuple(Point(mark, x) for mark, x in placed if 0 <= x <= FULL)


def _texts(key: AccessKey, scene: Scene, edges: Sequence[float]) -> tuple[Text, ...]:
    """The label of the lane, where there is room for it: right of its picture, left of it, or above."""
    words, warn = label(key, scene)
    if not words or not edges:
        return ()
    left, right = min(edges), max(edges)
    if right <= (_ROOM_FOR_A_WARNING if warn else _ROOM_ON_THE_RIGHT):
        text = Text(right, _BESIDE_PX, "start", above=False, words=words, warn=warn)
    elif left >= _ROOM_ON_THE_LEFT:
        text = Text(left, -_BESIDE_PX, "end", above=False, words=words, warn=warn)
    else:
        text = Text(max(left, 0.0), 0, "start", above=True, words=words, warn=warn)
    turn = _turn(key, scene, text)
    return (text,) if turn is None else (text, turn)


def _turn(key: AccessKey, scene: Scene, other: Text) -> Text | None:
    """The label of the planned turn, at the end of the dashed bar, unless it would run into the other one."""
    if scene.next_turn is None or scene.next_turn <= scene.now or key.state != KeyState.ACTIVE.value:
        return None
    x, local = scene.x(scene.next_turn), scene.next_turn.astimezone(scene.zone)
    words = f"next turn {local:%H:%M:%S}" if scene.is_short else f"next turn {local.day} {local:%b, %H:%M}"
    if x <= _ROOM_FOR_A_TURN:
        return Text(x, _BESIDE_PX, "start", above=False, words=words, warn=False)
    if x > FULL or (other.above and x - other.x < _ROOM_FOR_BOTH):
        return None
    return Text(x, 0, "end", above=True, words=words, warn=False)
