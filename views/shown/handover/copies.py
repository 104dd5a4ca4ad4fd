"""Where a copy stands: how it looks, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models import Copy
from models.copies.copy import OUTPUTS
from rotation.copies.remedies import REMEDIES, Remedy
from rotation.copies.store import Why
from views.shown.state import NOTHING, Group, Line, State


@dataclass(frozen=True)
class ShownCopy:
    """A copy as pages show it."""

    copy: Copy
    state: State
    remedy: Remedy | None
    """Why the last try failed; None when it didn't."""
    names: list[str]
    """What it is called there; of a path's copy those that were written."""

    @property
    def is_on_its_way(self) -> bool:
        """Whether a page that waits a little will see more."""
        return self.state.kind == "run"


def show(copy: Copy, now: datetime) -> ShownCopy:
    """The copy as it stands."""
    names = sorted(copy.written) if copy.strategy_id is None else [copy.names[o] for o in OUTPUTS if o in copy.names]
    return ShownCopy(copy, _state(copy, now), REMEDIES[Why(copy.why)] if copy.why else None, names)


def _state(copy: Copy, now: datetime) -> State:
    if copy.why:
        again = copy.next_at if copy.next_at is not None and copy.next_at > now else None
        line = Line("tries again", again, form="soon") if again else Line("tries again now")
        return State("bad", "alert-octagon", REMEDIES[Why(copy.why)].label, Group.ATTENTION, line)
    if copy.removing_at is not None:
        return State("run", "loader-2", "Being removed", Group.RUNNING)
    if copy.is_behind:
        return State("run", "loader-2", "On its way", Group.RUNNING)
    line = Line("copied", copy.copied_at) if copy.copied_at else NOTHING
    return State("ok", "circle-check", "Up to date", Group.OK, line)
