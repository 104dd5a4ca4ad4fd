"""Until when an old key is kept."""

from __future__ import annotations

from datetime import timedelta

from wtforms import DateTimeLocalField
from wtforms.validators import InputRequired, ValidationError

from forms.moments import FORMATS, Until

LONGEST = timedelta(days=366)


class KeepLonger(Until):
    """A day and a time of day in the reader's zone."""

    until = DateTimeLocalField("Keep until", [InputRequired("A day and a time of day.")], format=FORMATS)

    def validate_until(self, field: DateTimeLocalField) -> None:
        """Refuse what has passed, and what lies so far ahead that it must be a slip."""
        super().validate_until(field)
        if field.data is not None and self.moment > self.now + LONGEST:
            raise ValidationError("A time within a year: a key that is to stay longer isn't an old one.")
