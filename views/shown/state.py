"""How a state looks: a kind (its colour), an icon and a word, always all three, and a second line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Group(StrEnum):
    """What the list filters and sorts by, in the order of the list."""

    ATTENTION = "attention"
    RUNNING = "running"
    OK = "ok"
    PAUSED = "paused"
    NEW = "new"


@dataclass(frozen=True)
class Line:
    """A second line: words, perhaps a moment, perhaps words after it.

    `form` names the filter of views/frame/times.py that shows the moment: `due` and `soon` for what is to come.
    """

    before: str
    moment: datetime | None = None
    after: str = ""
    form: str = "ago"


NOTHING = Line("")


@dataclass(frozen=True)
class State:
    """A state of a strategy, a rotation or an access key."""

    kind: str
    icon: str
    word: str
    group: Group
    line: Line = NOTHING


def starting(words: str) -> str:
    """The words as a sentence starts with them; a name among them keeps its letters."""
    return words[:1].upper() + words[1:]


def running(word: str, line: Line = NOTHING) -> State:
    """Something is being done."""
    return State("run", "loader-2", word, Group.RUNNING, line)


def waiting(line: Line) -> State:
    """Something is to go on by itself, later."""
    return State("run", "clock", "Waiting", Group.RUNNING, line)


def failed(line: Line = NOTHING) -> State:
    """A person has to look at it."""
    return State("bad", "alert-octagon", "Failed", Group.ATTENTION, line)
