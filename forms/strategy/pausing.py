"""Until when a schedule is paused."""

from __future__ import annotations

from wtforms import DateTimeLocalField
from wtforms.validators import InputRequired

from forms.moments import FORMATS, Until


class Pause(Until):
    """A day and a time of day in the reader's zone."""

    until = DateTimeLocalField("Pause until", [InputRequired("A day and a time of day.")], format=FORMATS)
