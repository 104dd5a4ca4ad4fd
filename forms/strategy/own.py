"""The form by which a manager's own key turns: when, and how the old key ends."""

from __future__ import annotations

from wtforms import BooleanField

from forms.strategy.schedule import ScheduleFields
from rotation.reach.turning import Turns


class TurnKey(ScheduleFields):
    """The schedule alone: the user is the manager, and the output is the connection."""

    save_anyway = BooleanField("Save all the same")

    @property
    def turns(self) -> Turns:
        """What the form asks for. Only after the form has proven right."""
        return Turns(self.schedule, self.ends)
